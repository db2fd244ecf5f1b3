//! `routes [SECONDS]` serves on a free port of the loopback interface, and ends after that time. Ask it meanwhile with
//! `curl`, and watch it with `pollstats -p requests`.

use std::time::Duration;

use mmstats::Options;
use routes::{App, serve};
use tokio::net::TcpListener;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seconds = std::env::args().nth(1).map_or(Ok(60), |seconds| seconds.parse())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let app = App::new(&Options::new(), &["/", "/cart", "/search"])?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        println!("http://{}/ for {seconds} seconds, pid {}", listener.local_addr()?, std::process::id());
        serve(app, listener, tokio::time::sleep(Duration::from_secs(seconds))).await?;
        Ok(())
    })
}
