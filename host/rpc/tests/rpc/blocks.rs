//! Blocks by number.

use dogwatch_chain::{BlockNum, Head, Profile, Slot, Time};
use dogwatch_rpc::{EndpointIndex, RpcError};
use serde_json::{Value, json};

use crate::fake::{Fake, Node, Reply, capture, hasty, poll, pool, pool_with};

fn id(number: u32) -> String {
    format!("{number:08x}{:032x}", u64::from(number) * 7)
}

/// A node with a chain of so many blocks.
fn chain(length: u32) -> Node {
    let mut node = Node::hive();
    for number in 1..=length {
        let mut block = capture!("condenser_api.get_block.plain");
        block["result"]["block_id"] = json!(id(number));
        block["result"]["previous"] = json!(id(number - 1));
        node.put(&at(number), block);
    }
    node
}

fn at(number: u32) -> String {
    format!("condenser_api.get_block [{number}]")
}

async fn numbers(node: Node, from: u32, to: u32) -> Result<Vec<u32>, RpcError> {
    let fake = Fake::node(node).await;
    match pool(&[&fake.url]).blocks(BlockNum(from), BlockNum(to), &[]).await {
        Ok(read) => Ok(read.into_iter().flat_map(|(_, blocks)| blocks).map(|block| block.num().0).collect()),
        Err(mut error) => Err(error.causes.remove(0).1),
    }
}

#[tokio::test]
async fn a_real_block_is_read() {
    let mut node = Node::hive();
    node.put(&at(462), capture!("condenser_api.get_block.with_transactions"));
    let fake = Fake::node(node).await;
    let block = pool(&[&fake.url]).blocks(BlockNum(462), BlockNum(462), &[]).await.unwrap().unwrap().1.remove(0);
    assert_eq!(block.witness.as_str(), "fill11");
    assert_eq!(block.transactions[0].to_string(), "a926f8cfdf2561978f118fae9beaa9c2868d95f1");
    assert_eq!(block.previous.num(), BlockNum(461));
    assert_eq!(block.key_changes, [], "it holds published feeds");
}

/// The real block, with a switch among its operations.
#[tokio::test]
async fn a_block_tells_which_signing_keys_it_sets() {
    let mut block = capture!("condenser_api.get_block.with_transactions");
    let props = json!([["key", "03".repeat(33)], ["new_signing_key", "02".repeat(33)]]);
    let switch = json!(["witness_set_properties", { "owner": "fill03", "props": props, "extensions": [] }]);
    *block.pointer_mut("/result/transactions/1/operations/0").unwrap() = switch;
    let mut node = Node::hive();
    node.put(&at(462), block);
    let fake = Fake::node(node).await;
    let block = pool(&[&fake.url]).blocks(BlockNum(462), BlockNum(462), &[]).await.unwrap().unwrap().1.remove(0);
    let set: Vec<_> = block.key_changes.iter().map(|set| (set.witness.as_str(), *set.key.as_bytes())).collect();
    assert_eq!(set, [("fill03", [2; 33])]);
}

#[tokio::test]
async fn a_list_ends_where_the_chain_does() {
    assert_eq!(numbers(chain(9), 3, 5).await, Ok(vec![3, 4, 5]));
    assert_eq!(numbers(chain(9), 7, 12).await, Ok(vec![7, 8, 9]));
    assert_eq!(numbers(chain(9), 10, 12).await, Ok(vec![]));
    assert_eq!(numbers(chain(9), 5, 4).await, Ok(vec![]));
    assert_eq!(numbers(chain(50), 1, u32::MAX).await, Ok((1..=30).collect()));
}

#[tokio::test]
async fn a_list_with_a_break_in_it_is_refused() {
    let mut other = chain(9);
    other.edit(&at(5), "/result/previous", json!(id(4).replace("1c", "1d")));
    let error = numbers(other, 3, 6).await.unwrap_err();
    assert!(error.to_string().contains("block 5 does not link"), "{error}");

    let mut other = chain(9);
    other.edit(&at(5), "/result/previous", json!(id(3)));
    assert!(numbers(other, 5, 6).await.unwrap_err().to_string().contains("previous is not of the block below"));

    let mut other = chain(9);
    other.edit(&at(5), "/result/block_id", json!(id(6)));
    assert!(numbers(other, 5, 6).await.unwrap_err().to_string().contains("is not of the block that was asked for"));

    let mut other = chain(9);
    other.edit(&at(5), "/result/transaction_ids", json!(["00"]));
    assert!(matches!(numbers(other, 5, 6).await, Err(RpcError::WrongShape { .. })));
}

#[tokio::test]
async fn the_sources_are_asked_in_their_order_and_the_next_where_one_fails_or_hangs() {
    let lagging = Fake::node(chain(4)).await;
    let broken = Fake::start(|_| Reply::status(500, "")).await;
    let hanging = Fake::start(|_| Reply::Hang).await;
    let good = Fake::node(chain(9)).await;
    let pool = pool_with(Profile::hive_testnet(), &[&hanging.url, &lagging.url, &broken.url, &good.url], hasty());
    let read = async |sources: &[usize]| {
        let sources: Vec<EndpointIndex> = sources.iter().map(|source| EndpointIndex(*source)).collect();
        let (source, blocks) = pool.blocks(BlockNum(5), BlockNum(6), &sources).await.unwrap().unwrap();
        assert_eq!(blocks.iter().map(|block| block.num().0).collect::<Vec<u32>>(), [5, 6]);
        source.0
    };
    assert_eq!(read(&[3, 0]).await, 3);
    assert_eq!([&lagging, &broken, &hanging].map(Fake::count), [0, 0, 0]);
    assert_eq!(read(&[1, 2, 0, 3]).await, 3);
    assert_eq!([&lagging, &broken, &hanging].map(Fake::count), [2, 1, 1]);
    // Once polls have shown who is good, the bad ones are not asked before them.
    poll(&pool).await;
    let before = [&broken, &hanging].map(Fake::count);
    assert_eq!(read(&[]).await, 3);
    assert_eq!([&broken, &hanging].map(Fake::count), before);
}

#[tokio::test]
async fn blocks_come_call_by_call_where_batches_are_refused() {
    let node = chain(40);
    let fake = Fake::start(move |request| match request {
        Value::Array(_) => Reply::json(&capture!("error.batch_empty")),
        call => node.reply(call),
    })
    .await;
    let blocks = pool(&[&fake.url]).blocks(BlockNum(1), BlockNum(40), &[]).await.unwrap();
    assert_eq!(blocks.unwrap().1.len(), 30);
}

/// A user's text may be anything; the block around it is as good as any other.
#[tokio::test]
async fn a_block_with_a_text_that_is_no_text_is_read() {
    for spoiled in [&b"\xff\xfe\x80"[..], b"\\ud83d", b"\x01\x02"] {
        let node = chain(3);
        let fake = Fake::start(move |request| {
            let Reply::Http { body, .. } = node.reply(request) else { panic!("an answer") };
            let text = String::from_utf8(body).unwrap();
            let Some((before, after)) = text.split_once("\"transaction_ids\"") else { return Reply::status(200, text) };
            let junk = [before.as_bytes(), b"\"junk\":\"", spoiled, b"\",\"transaction_ids\"", after.as_bytes()];
            Reply::status(200, junk.concat())
        })
        .await;
        let (_, blocks) = pool(&[&fake.url]).blocks(BlockNum(3), BlockNum(3), &[]).await.unwrap().unwrap();
        assert_eq!(blocks.iter().map(|block| block.num().0).collect::<Vec<_>>(), [3], "{spoiled:?}");
    }
}

/// The head of the chain of so many blocks.
fn head(length: u32, time: &str) -> Head {
    Head {
        id: id(length).parse().unwrap(),
        time: Time::parse(time).unwrap(),
        slot: Slot(u64::from(length)),
        irreversible: BlockNum(1),
        participation: 128,
    }
}

fn headers(length: u32) -> Node {
    let mut node = Node::hive();
    for number in 1..=length {
        let mut header = capture!("condenser_api.get_block_header");
        header["result"]["previous"] = json!(id(number - 1));
        node.put(&format!("condenser_api.get_block_header [{number}]"), header);
    }
    node
}

const TIME: &str = "2026-11-23T12:16:27";

#[tokio::test]
async fn headers_stand_in_for_blocks() {
    let fake = Fake::node(headers(40)).await;
    let pool = pool(&[&fake.url]);
    let read = async |from: u32, head: Head| {
        let read = pool.headers(BlockNum(from), &head, &[EndpointIndex(0)]).await;
        read.map(|(_, blocks)| blocks).map_err(|mut error| error.causes.remove(0).1)
    };
    let blocks = read(38, head(40, TIME)).await.unwrap();
    assert_eq!(blocks.iter().map(|block| block.num().0).collect::<Vec<_>>(), [38, 39, 40]);
    for block in &blocks {
        assert_eq!((block.id.to_string(), block.previous.to_string()), (id(block.num().0), id(block.num().0 - 1)));
        assert_eq!((block.witness.as_str(), block.time), ("fill12", Time::parse(TIME).unwrap()));
        assert!(block.is_header() && block.transactions.is_empty());
    }
    // The 31st only tells the id of the 30th.
    let numbers: Vec<u32> = read(2, head(40, TIME)).await.unwrap().iter().map(|block| block.num().0).collect();
    assert_eq!(numbers, (2..=31).collect::<Vec<_>>());
    // Another block at the head's height is not the head.
    let other = read(39, head(40, "2026-11-23T12:16:30")).await.unwrap();
    assert_eq!(other.iter().map(|block| block.num().0).collect::<Vec<_>>(), [39]);
    // The chain is not that long here, and no header tells the last one's id.
    assert_eq!(read(39, head(50, TIME)).await.unwrap().len(), 1);
    assert!(matches!(read(45, head(50, TIME)).await, Err(RpcError::WrongShape { .. })));

    let wrong = headers(9).with("condenser_api.get_block_header [5]", "/result/previous", json!(id(3)));
    let fake = Fake::node(wrong).await;
    let error = crate::fake::pool(&[&fake.url]).headers(BlockNum(4), &head(9, TIME), &[EndpointIndex(0)]).await;
    assert!(error.unwrap_err().causes[0].1.to_string().contains("previous is not of the block below"));
}
