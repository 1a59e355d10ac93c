#pragma once
// What LeakSanitizer must know of RocksDB. Include in one source of a test executable in which the
// disk fails below a flush.
//
// When the log of a new memtable cannot be written, RocksDB 7.8 gives up in SwitchMemtable without
// freeing the memtable that it had made. That happens once in a store's life, because the store
// refuses writes from then on.

#if defined(__SANITIZE_ADDRESS__)
#define CATALOG_TEST_FINDS_LEAKS
#elif defined(__has_feature)  // Of clang, which has another way to say so.
#if __has_feature(address_sanitizer)
#define CATALOG_TEST_FINDS_LEAKS
#endif
#endif

#if defined(CATALOG_TEST_FINDS_LEAKS)
extern "C" __attribute__((visibility("default"))) const char*
__lsan_default_suppressions();  // NOLINT: the sanitizer's name
extern "C" const char* __lsan_default_suppressions() {
    return "leak:rocksdb::DBImpl::SwitchMemtable\n";
}
#endif
