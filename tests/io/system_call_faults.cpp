#include "system_call_faults.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace catalog::io::testing {

SystemCallFaults& system_call_faults() noexcept {
    static SystemCallFaults faults;
    return faults;
}

void FaultScope::reset() {
    SystemCallFaults& faults = system_call_faults();
    faults.bytes_a_call = 0;
    faults.interrupt = false;
    faults.write_error = faults.sync_error = faults.allocate_error = 0;
    faults.close_error = faults.openat2_error = 0;
    faults.syncs = faults.data_syncs = faults.openat2_calls = 0;
    faults.before_unlink = nullptr;
}

namespace {

template <class Function>
Function next_function(const char* name) {
    return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

bool interrupted() {
    static std::atomic<unsigned> calls{0};
    if (!system_call_faults().interrupt || calls.fetch_add(1) % 2 != 0) return false;
    errno = EINTR;
    return true;
}

bool fails_with(int error) {
    if (error == 0) return false;
    errno = error;
    return true;
}

std::size_t shortened(std::size_t count) {
    const long most = system_call_faults().bytes_a_call;
    return most > 0 ? std::min(count, static_cast<std::size_t>(most)) : count;
}

}  // namespace
}  // namespace catalog::io::testing

using namespace catalog::io::testing;

extern "C" {

__attribute__((visibility("default"))) ssize_t pread(int fd, void* out, size_t count,
                                                     off_t offset) {
    static const auto real = next_function<ssize_t (*)(int, void*, size_t, off_t)>("pread");
    if (interrupted()) return -1;
    return real(fd, out, shortened(count), offset);
}

__attribute__((visibility("default"))) ssize_t pwrite(int fd, const void* bytes, size_t count,
                                                      off_t offset) {
    static const auto real = next_function<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite");
    if (interrupted() || fails_with(system_call_faults().write_error)) return -1;
    return real(fd, bytes, shortened(count), offset);
}

__attribute__((visibility("default"))) int fsync(int fd) {
    static const auto real = next_function<int (*)(int)>("fsync");
    if (interrupted()) return -1;
    ++system_call_faults().syncs;
    return fails_with(system_call_faults().sync_error) ? -1 : real(fd);
}

__attribute__((visibility("default"))) int syncfs(int fd) {
    static const auto real = next_function<int (*)(int)>("syncfs");
    if (interrupted()) return -1;
    return fails_with(system_call_faults().sync_error) ? -1 : real(fd);
}

__attribute__((visibility("default"))) int fdatasync(int fd) {
    static const auto real = next_function<int (*)(int)>("fdatasync");
    if (interrupted()) return -1;
    ++system_call_faults().data_syncs;
    return fails_with(system_call_faults().sync_error) ? -1 : real(fd);
}

__attribute__((visibility("default"))) int fallocate(int fd, int mode, off_t offset, off_t length) {
    static const auto real = next_function<int (*)(int, int, off_t, off_t)>("fallocate");
    if (interrupted() || fails_with(system_call_faults().allocate_error)) return -1;
    return real(fd, mode, offset, length);
}

__attribute__((visibility("default"))) int close(int fd) {
    static const auto real = next_function<int (*)(int)>("close");
    const int result = real(fd);
    return fails_with(system_call_faults().close_error.exchange(0)) ? -1 : result;
}

__attribute__((visibility("default"))) int unlinkat(int fd, const char* name, int flags) noexcept {
    static const auto real = next_function<int (*)(int, const char*, int)>("unlinkat");
    if (const auto& hook = system_call_faults().before_unlink) hook(name);
    return real(fd, name, flags);
}

// Only openat2 has no function of its own in the C library.
__attribute__((visibility("default"))) long syscall(long number, ...) noexcept {
    static const auto real = next_function<long (*)(long, ...)>("syscall");
    long a[6];
    __builtin_va_list arguments;
    __builtin_va_start(arguments, number);
    for (long& argument : a) argument = __builtin_va_arg(arguments, long);
    __builtin_va_end(arguments);
    if (number == SYS_openat2) {
        ++system_call_faults().openat2_calls;
        if (interrupted() || fails_with(system_call_faults().openat2_error)) return -1;
    }
    return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
}
