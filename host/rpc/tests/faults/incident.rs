//! The 28th of July 2018, as far as it concerns the pool.

use dogwatch_chain::Profile;
use dogwatch_rpc::{AgreementVerdict, AllowHttp, Pool, Upgrade};

use crate::fault::Fault;
use crate::scene::{Scene, endpoint, options};
use crate::server::{Plain, Server};

/// The one endpoint was written `http://`, and what stood behind it had come to demand https.
#[tokio::test]
async fn incident_2018() {
    let demands = || Plain::Redirect(301, "https://steemd.test/".to_owned());
    for allow in [AllowHttp::No, AllowHttp::Yes] {
        let server = Server::start(Fault::None).await.plain(demands());
        let endpoint = endpoint("http://steemd.test", allow, &server);
        let pool = Pool::new(Profile::hive_testnet(), vec![endpoint], options()).unwrap();
        let scene = Scene { servers: vec![server], pool };
        let readings = scene.poll().await;
        let reading = readings[0].result.as_ref().expect("the witness's state is read");
        assert_eq!(reading.witnesses[0].as_ref().unwrap().signing_key, *crate::chain::KEY);
        assert_eq!(
            scene.agreement().verdict,
            AgreementVerdict::OneVoice,
            "and that there is only one endpoint is told"
        );
        assert!(scene.read().await.is_ok());
        let why = scene.pool.upgraded()[0].1;
        assert_eq!(why, if allow == AllowHttp::No { Upgrade::Rule } else { Upgrade::Found });
    }
}
