//! The outermost middleware: tells the table of connections what goes on over each, from the request to the end of its answer.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error, ResponseError};

use super::connections::{ConnectionPhase, HttpConnection};
use super::forwarded::source_of;
use super::http_error::Problem;

/// What is answered on a reserved connection.
const ALWAYS_ANSWERED: [&str; 3] = ["/health", "/ready", "/metrics"];

/// Notes what the connection is doing, and refuses what a reserved one may not ask.
pub(super) async fn track(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    // Without a socket (tests of the routes) there is nothing to note.
    let Some(connection) = request.conn_data::<Rc<HttpConnection>>().cloned() else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let has_place = connection.begin(source_of(request.request()).address) && !connection.is_reserved;
    let answered = if !has_place && !ALWAYS_ANSWERED.contains(&request.path()) {
        let detail = "too many connections are open, in all or from this address; close some and try again";
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail);
        Ok(request.into_response(problem.error_response()))
    } else {
        next.call(request).await.map(ServiceResponse::map_into_boxed_body)
    };
    let mut response = answered.inspect_err(|_| connection.done())?;
    if connection.is_reserved {
        connection.close();
    }
    if connection.is_closing() {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    let is_upgrade = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    connection.set(if is_upgrade { ConnectionPhase::Upgraded } else { ConnectionPhase::Sending });
    Ok(response.map_body(|_, body| BoxBody::new(Sent { body, connection, is_upgrade })))
}

/// An answer on its way.
struct Sent {
    body: BoxBody,
    connection: Rc<HttpConnection>,
    is_upgrade: bool,
}

impl MessageBody for Sent {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let part = ready!(Pin::new(&mut self.body).poll_next(context));
        if !self.is_upgrade {
            self.connection.set(ConnectionPhase::Sending);
        }
        Poll::Ready(part)
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        self.connection.done();
    }
}
