// A process that publishes, imports, yanks and seals until it is killed. What it says is durable:
//
//   open
//   done NAME
//   kept PREFIX COUNT     (of PREFIX0, PREFIX1, ... so many)
//   yanked NAME
//
// usage: index_writer_process FOLDER SEED

#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <string>
#include <thread>

#include "catalog/core/bytes.hpp"
#include "index_kill.hpp"
#include "support/io/seeded_random.hpp"
#include "support/library/library_bed.hpp"

namespace catalog::library::testing {
namespace {

using io::testing::SeededRandom;

// One call writes a whole line; the reader never sees half of one, nor two mixed.
void say(const std::string& line) {
    const std::string whole = line + "\n";
    if (::write(STDOUT_FILENO, whole.data(), whole.size()) < 0) std::_Exit(3);
}

void expect(const Result<void>& done) {
    if (!done) say("error " + done.error().to_string());
}

std::string line_of(const std::string& name) {
    return R"({"name":")" + name + R"(","version":"1.0.0","description":"imported"})" + "\n";
}

class SayKept final : public ProgressSink {
public:
    explicit SayKept(std::string prefix) : prefix_(std::move(prefix)) {}
    void update(const ProgressUpdate& update) noexcept override {
        if (update.operation == "import")
            say("kept " + prefix_ + " " + std::to_string(update.done));
    }

private:
    std::string prefix_;
};

void publish(AssetLibrary& library, std::uint64_t seed) {
    for (std::uint64_t number = 0;; ++number) {
        const std::string name = "p" + std::to_string(seed) + "-" + std::to_string(number);
        if (const auto done = library.publish(small_draft(name, "1.0.0")); !done)
            say("error " + done.error().to_string());
        say("done " + name);
        if (number % 5 != 0) continue;
        expect(library.change_state(*PackageId::parse(name + "@1.0.0"), "yank", "test"));
        say("yanked " + name);
    }
}

void import(AssetLibrary& library, std::uint64_t seed) {
    SeededRandom random(seed);
    for (std::uint64_t number = 0;; ++number) {
        const std::string prefix = "i" + std::to_string(seed) + "-" + std::to_string(number) + "-";
        std::string lines;
        for (std::uint64_t count = random.below(40), i = 0; i < count; ++i)
            lines += line_of(prefix + std::to_string(i));
        SayKept sink(prefix);
        CallContext context;
        context.progress = &sink;
        const auto done =
            library.import_metadata(content::source_of(as_bytes(lines)), true, context);
        if (!done) say("error " + done.error().to_string());
        if (random.chance(10)) {
            const auto sealed = library.seal_index();
            if (!sealed && sealed.error().code() != Errc::kBusy)
                say("error " + sealed.error().to_string());
        }
    }
}

int write_until_killed(const std::string& folder, std::uint64_t seed) {
    auto library = AssetLibrary::open(folder, killed_options(), Environment());
    if (!library) {
        say("error " + library.error().to_string());
        return 1;
    }
    say("open");
    std::thread importer([&] { import(**library, seed); });
    publish(**library, seed);
    importer.join();
    return 0;
}

}  // namespace
}  // namespace catalog::library::testing

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    try {
        return catalog::library::testing::write_until_killed(argv[1], std::stoull(argv[2]));
    } catch (const std::exception&) {
        return 1;
    }
}
