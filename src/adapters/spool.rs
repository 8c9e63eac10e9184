//! The spool: local folder with the segments that have not been evicted. (stub)
