// The program: streams, signals, exit code.

#include <malloc.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): sigwait is not ISO C
#include <unistd.h>

#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "app.hpp"
#include "secrets.hpp"

namespace {

/// Turns the first SIGINT or SIGTERM into a request to stop; the second ends the process at once. A
/// thread waits for the signals, because next to nothing may be called from a handler.
class SignalWatch {
public:
    explicit SignalWatch(std::stop_source& stop) {
        sigemptyset(&signals_);
        sigaddset(&signals_, SIGINT);
        sigaddset(&signals_, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
        thread_ = std::thread([this, &stop] {
            int signal = 0;
            sigwait(&signals_, &signal);
            stop.request_stop();
            pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
            for (;;) pause();
        });
        thread_.detach();
    }

private:
    sigset_t signals_{};
    std::thread thread_;
};

}  // namespace

int main(int argc, char** argv) {
    signal(SIGPIPE, SIG_IGN);
    // Threads that encode chunks hand their buffers to one that writes: an arena each keeps a fifth
    // more memory, and saves no measurable time.
    mallopt(M_ARENA_MAX, 1);  // NOLINT(concurrency-mt-unsafe): there is one thread yet
    // What is larger goes back to the system when it is freed, and leaves no holes: a tenth less.
    mallopt(M_MMAP_THRESHOLD, 256 << 10);  // NOLINT(concurrency-mt-unsafe)
    std::stop_source stop;
    const SignalWatch watch(stop);
    std::ios::sync_with_stdio(false);
    std::cin.tie(nullptr);
    catalog::cli::Streams streams{std::cin, std::cout, std::cerr, isatty(STDOUT_FILENO) == 1,
                                  isatty(STDERR_FILENO) == 1};
    if (isatty(STDIN_FILENO) == 1) streams.ask_secret = catalog::cli::ask_at_terminal;
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    const int code = catalog::cli::run(arguments, streams, stop.get_token());
    std::cout.flush();
    std::cerr.flush();
    // The thread that waits for signals has no way to be woken; leaving this way runs no destructor
    // of it.
    _exit(code);
}
