#pragma once
// What ThreadSanitizer must know of RocksDB. Include in one source of a test executable that uses
// RocksDB from several threads.
//
// The library is not instrumented: the sanitizer sees its mutexes and the memory that it copies,
// but not the atomics by which its lock-free tables publish it. Accesses below a frame of RocksDB
// are therefore not judged; what our code does around it is.

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
extern "C" const char* __tsan_default_suppressions();  // NOLINT: the sanitizer's name
extern "C" const char* __tsan_default_suppressions() { return "race:librocksdb.so\n"; }
#endif
#endif
