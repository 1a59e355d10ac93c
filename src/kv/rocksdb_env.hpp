#pragma once
// The environment of one store: our file system and threads of its own, so that nothing of a closed
// store goes on running in the host's process.

#include <rocksdb/env.h>

#include <memory>

namespace catalog::kv {

/// Makes an environment. With `background` it starts one thread for flushes and one for
/// compactions; without, for followers, none. Its destructor drops jobs that did not start, waits
/// for those that did and joins its threads; the database must be closed before.
///
/// RocksDB's own default environment is touched for its clock only: it never starts a thread of its
/// own pools for us. Throws std::system_error when a thread cannot be started.
[[nodiscard]] std::unique_ptr<rocksdb::Env> make_rocksdb_env(
    const std::shared_ptr<rocksdb::FileSystem>& fs, bool background);

}  // namespace catalog::kv
