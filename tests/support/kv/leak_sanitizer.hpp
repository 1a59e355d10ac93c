#pragma once
// What LeakSanitizer must know of RocksDB. Include in one source of a test executable in which the
// disk fails below a flush.
//
// When the log of a new memtable cannot be written, RocksDB 7.8 gives up in SwitchMemtable without
// freeing the memtable that it had made. That happens once in a store's life, because the store
// refuses writes from then on.

#if defined(__SANITIZE_ADDRESS__)
extern "C" __attribute__((visibility("default"))) const char*
__lsan_default_suppressions();  // NOLINT: the sanitizer's name
extern "C" const char* __lsan_default_suppressions() {
    return "leak:rocksdb::DBImpl::SwitchMemtable\n";
}
#endif
