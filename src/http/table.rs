//! The form of the route table: one line per address, made into actix resources and into a list that tests read.

/// Declares `TABLE` (address, methods) and `configure`. GET answers HEAD too; other methods get a 405 that says what
/// is allowed. A handler whose first argument does not say who may call it (`access`) does not compile. `identify` asks who calls, `known_parameters::check_parameters` refuses parameters that the address does not know.
macro_rules! table {
    ($($path:literal => { $($method:ident: $handler:path),+ }),+ $(,)?) => {
        /// Every address with its methods.
        #[cfg(test)]
        pub(super) const TABLE: &[(&str, &[&str])] = &[$(($path, &[$(stringify!($method)),+])),+];

        /// Every address and method with those who may ask.
        pub(super) fn accesses() -> impl Iterator<Item = (&'static str, &'static str, $crate::http::access::Access)> {
            [$($(($path, stringify!($method), $crate::http::access::access_of($handler))),+),+].into_iter()
        }

        /// Puts every address into an app.
        pub(super) fn configure(config: &mut actix_web::web::ServiceConfig) {
            $(
                let resource = actix_web::web::resource($path);
                $(let resource = $crate::http::table::route!(resource, $method, $handler);)+
                let allowed = concat!($(stringify!($method), ", "),+).trim_end_matches(", ");
                let resource = resource.default_service(actix_web::web::to(move |request: actix_web::HttpRequest| {
                    let problem = $crate::http::http_error::Problem::method(request.method(), allowed);
                    async move { Err::<actix_web::HttpResponse, _>(problem) }
                }));
                // The last one sees a request first.
                let resource = resource.wrap(actix_web::middleware::from_fn($crate::http::known_parameters::check_parameters));
                config.service(resource.wrap(actix_web::middleware::from_fn($crate::http::identify::identify)));
            )+
        }
    };
}

macro_rules! route {
    ($resource:ident, GET, $handler:path) => {
        $resource
            .route(actix_web::web::get().to($crate::http::access::checked($handler)))
            .route(actix_web::web::head().to($crate::http::access::checked($handler)))
    };
    ($resource:ident, POST, $handler:path) => {
        $resource.route(actix_web::web::post().to($crate::http::access::checked($handler)))
    };
    ($resource:ident, PUT, $handler:path) => {
        $resource.route(actix_web::web::put().to($crate::http::access::checked($handler)))
    };
    ($resource:ident, PATCH, $handler:path) => {
        $resource.route(actix_web::web::patch().to($crate::http::access::checked($handler)))
    };
    ($resource:ident, DELETE, $handler:path) => {
        $resource.route(actix_web::web::delete().to($crate::http::access::checked($handler)))
    };
}

/// The path of the document for a pattern of the route table, whose `{id:pattern}` is `{id}` there.
pub(super) fn path_of(pattern: &str) -> String {
    match pattern.split_once("{id:") {
        Some((before, _)) => format!("{before}{{id}}"),
        None => pattern.to_owned(),
    }
}

pub(super) use {route, table};
