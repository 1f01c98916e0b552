//! The tripwire, against real sockets.

use dogwatch_rpc::{AllowHttp, Endpoint, Tripwire, WireEvent};
use tokio::net::{TcpListener, TcpStream};

/// A node: its port, and the wires that lead to it.
struct Node {
    listener: TcpListener,
    wires: Vec<TcpStream>,
}

impl Node {
    async fn start() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap(), wires: Vec::new() }
    }

    fn endpoint(&self) -> Endpoint {
        let url = format!("http://{}", self.listener.local_addr().unwrap());
        Endpoint::parse(&url, AllowHttp::No).unwrap()
    }

    async fn accept(&mut self) {
        self.wires.push(self.listener.accept().await.unwrap().0);
    }

    /// The wire comes up at this node.
    async fn up(&mut self, wire: &mut Tripwire) -> WireEvent {
        let (event, ()) = tokio::join!(wire.next(), self.accept());
        event
    }
}

#[tokio::test]
async fn a_node_that_dies_is_known_at_once_to_be_gone() {
    let mut node = Node::start().await;
    let mut wire = Tripwire::new(node.endpoint());
    assert_eq!(node.up(&mut wire).await, WireEvent::Up);
    let address = node.listener.local_addr().unwrap();
    drop(node);
    assert_eq!(wire.next().await, WireEvent::Cut);
    assert_eq!(wire.next().await, WireEvent::Refused);
    assert_eq!(wire.next().await, WireEvent::Refused, "it is tried again and again");
    let mut node = Node { listener: TcpListener::bind(address).await.unwrap(), wires: Vec::new() };
    assert_eq!(node.up(&mut wire).await, WireEvent::Up);
}

#[tokio::test]
async fn a_connection_that_is_closed_alone_is_a_blip() {
    let mut node = Node::start().await;
    let mut wire = Tripwire::new(node.endpoint());
    assert_eq!(node.up(&mut wire).await, WireEvent::Up);
    // What a node says unasked, as its p2p port does, is no cut.
    node.wires.last().unwrap().try_write(&[7; 5000]).unwrap();
    node.wires.clear();
    assert_eq!(wire.next().await, WireEvent::Cut);
    assert_eq!(node.up(&mut wire).await, WireEvent::Blip);
}

#[tokio::test]
async fn a_wire_that_is_cut_over_and_over_is_given_up() {
    let mut node = Node::start().await;
    let mut wire = Tripwire::new(node.endpoint());
    assert_eq!(node.up(&mut wire).await, WireEvent::Up);
    for cuts in 1..=3 {
        node.wires.clear();
        assert_eq!(wire.next().await, WireEvent::Cut);
        let event = node.up(&mut wire).await;
        match (cuts, event) {
            (1 | 2, WireEvent::Blip) | (3, WireEvent::GivenUp { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_name_that_nobody_resolves_is_silence_and_no_refusal() {
    let endpoint = Endpoint::parse("https://node.invalid", AllowHttp::No).unwrap();
    assert_eq!(Tripwire::new(endpoint).next().await, WireEvent::Silent);
}

#[tokio::test]
async fn a_wire_that_was_not_waited_for_to_the_end_goes_on() {
    let mut node = Node::start().await;
    let mut wire = Tripwire::new(node.endpoint());
    assert_eq!(node.up(&mut wire).await, WireEvent::Up);
    tokio::select! {
        biased;
        event = wire.next() => panic!("{event:?}"),
        () = std::future::ready(()) => {}
    }
    node.wires.clear();
    assert_eq!(wire.next().await, WireEvent::Cut);
}
