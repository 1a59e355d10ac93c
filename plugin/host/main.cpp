// The program: streams, signals, exit code.

#include <malloc.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "app.hpp"

namespace {

/// Turns the first SIGINT or SIGTERM into a request to stop; the second ends the process.
void watch_signals(std::stop_source& stop) {
    static sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::thread([&stop] {
        int signal = 0;
        sigwait(&signals, &signal);
        stop.request_stop();
        pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
        for (;;) pause();
    }).detach();
}

}  // namespace

int main(int argc, char** argv) {
    // Every control call has a thread of its own, and the allocator would spread them over arenas
    // that fill for hundreds of loads; with one, what grows is what is left behind. It must be told
    // before the first thread is there. NOLINTBEGIN(concurrency-mt-unsafe)
    mallopt(M_ARENA_MAX, 1);
    signal(SIGPIPE, SIG_IGN);
    // NOLINTEND(concurrency-mt-unsafe)
    static std::stop_source stop;
    watch_signals(stop);
    int code = 4;
    try {
        const std::vector<std::string> arguments(argv + 1, argv + argc);
        code = catalog::host::run(arguments, std::cin, std::cout, std::cerr, stop.get_token());
    } catch (const std::exception& exception) {
        std::cerr << "hypermesh-host: " << exception.what() << '\n';
    }
    std::cout.flush();
    std::cerr.flush();
    // An extension that was abandoned may still have threads: no destructor runs under them.
    _exit(code);
}
