//! The form of the route table: one line per address, made into actix resources and into a list that tests read.

/// Declares `TABLE` (address, methods) and `configure`. GET answers HEAD too; other methods get a 405 that says what
/// is allowed. `identify` asks who calls, `known_parameters::check_parameters` refuses parameters that the address does not know.
macro_rules! table {
    ($($path:literal => { $($method:ident: $handler:path),+ }),+ $(,)?) => {
        /// Every address with its methods.
        #[cfg(test)]
        pub(super) const TABLE: &[(&str, &[&str])] = &[$(($path, &[$(stringify!($method)),+])),+];

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
        $resource.route(actix_web::web::get().to($handler)).route(actix_web::web::head().to($handler))
    };
    ($resource:ident, POST, $handler:path) => {
        $resource.route(actix_web::web::post().to($handler))
    };
    ($resource:ident, PUT, $handler:path) => {
        $resource.route(actix_web::web::put().to($handler))
    };
    ($resource:ident, PATCH, $handler:path) => {
        $resource.route(actix_web::web::patch().to($handler))
    };
    ($resource:ident, DELETE, $handler:path) => {
        $resource.route(actix_web::web::delete().to($handler))
    };
}

pub(super) use {route, table};
