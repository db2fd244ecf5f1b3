//! `per_thread!`: statics and their keys.

/// Defines statics that give each thread its own instance.
///
/// The expression for the options is evaluated once per process, when the first thread needs it. Any number of
/// statics may have the same options: under the default name, a thread's second instance has `.2` in its
/// file's name.
///
/// ```
/// use mmstats::{Counter, Options, per_thread, stats};
///
/// stats! {
///     pub struct Web {
///         pub hits: Counter,
///     }
/// }
///
/// per_thread! {
///     /// What the web server publishes.
///     pub static WEB: Web = Options::new().label_prefix("web.");
/// }
///
/// # fn main() {
/// # let dir = tempfile::tempdir().unwrap();
/// # unsafe { std::env::set_var("MMSTATS_PATH", dir.path()) };
/// std::thread::spawn(|| WEB.with(|web| web.hits.incr())).join().unwrap();
/// WEB.with(|web| web.hits.incr());
/// WEB.remove().unwrap();
/// # }
/// ```
#[macro_export]
macro_rules! per_thread {
    ($($(#[$meta:meta])* $vis:vis static $name:ident : $model:ty = $options:expr;)*) => {$(
        $(#[$meta])*
        $vis static $name: $crate::PerThread<$name> = $crate::PerThread::new();

        // The static's key, a type of the same name.
        #[doc(hidden)]
        #[allow(non_camel_case_types)]
        $vis struct $name {}

        const _: () = {
            ::std::thread_local! {
                static LOCAL: $crate::Local<$name> = const { $crate::Local::new() };
                // Beside it, since it is there even when the thread has lost the other.
                static STAGE: ::std::cell::Cell<$crate::Stage> =
                    const { ::std::cell::Cell::new($crate::Stage::Idle) };
            }

            impl $crate::ThreadKey for $name {
                type Model = $model;

                fn options() -> $crate::Options {
                    $options
                }

                #[inline(always)]
                fn try_with<R>(
                    f: impl FnOnce(&$crate::Local<Self>) -> R,
                ) -> ::std::result::Result<R, ::std::thread::AccessError> {
                    LOCAL.try_with(f)
                }

                fn stage(next: ::std::option::Option<$crate::Stage>) -> $crate::Stage {
                    STAGE.with(|stage| match next {
                        ::std::option::Option::Some(next) => stage.replace(next),
                        ::std::option::Option::None => stage.get(),
                    })
                }
            }
        };
    )*};
}
