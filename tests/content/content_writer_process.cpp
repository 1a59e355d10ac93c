// A process that repairs a content store and then changes it from two threads until it is killed,
// each with references of an owner of its own. Before a commit it says what that will change and,
// when it is durable, that it is done:
//
//   open
//   try anna +3 +17 -5
//   done anna
//
// usage: content_writer_process FOLDER SEED

#include <unistd.h>

#include <catalog/internal/try.hpp>
#include <cstdlib>
#include <exception>
#include <string>
#include <thread>
#include <vector>

#include "content_kill.hpp"
#include "support/content/sample_bytes.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::SeededRandom;

// One call writes a whole line; the reader never sees half of one, nor two mixed.
void say(const std::string& line) {
    const std::string whole = line + "\n";
    if (::write(STDOUT_FILENO, whole.data(), whole.size()) < 0) std::_Exit(3);
}

class Writer {
public:
    Writer(OpenContent& content, std::string owner, std::uint64_t seed)
        : content_(content), owner_(std::move(owner)), random_(seed) {
        for (const auto& [owner_of, number] : references_of(content.storage()))
            if (owner_of == owner_) mine_.insert(number);
    }

    Result<void> run() {
        for (;;) {
            const std::uint64_t kind = random_.below(100);
            if (kind < 10) {
                CATALOG_TRY_VOID(collect());
            } else if (kind < 14) {
                CATALOG_TRY_VOID(unless_busy(repack()));
            } else if (kind < 17) {
                CATALOG_TRY_VOID(unless_busy(repair_killed(content_)));
            } else if (kind < 20) {
                CATALOG_TRY_VOID(put_without_commit());
            } else {
                CATALOG_TRY_VOID(change(kind < 75, kind >= 55));
            }
        }
    }

private:
    // The other thread may be at it.
    template <class Value>
    static Result<void> unless_busy(const Result<Value>& done) {
        if (!done && done.error().code() != Errc::kBusy) return fail(done.error());
        return {};
    }

    Result<void> collect() {
        CollectOptions options;
        if (random_.chance(50)) options.live_share_min = 1;
        return unless_busy(content_.storage().collect(options, CallContext()));
    }

    Result<RepackReport> repack() {
        RepackOptions options;
        options.level = 1 + static_cast<int>(random_.below(9));
        if (random_.chance(50)) options.rewrite_bytes_max = random_.below(40'000);
        return content_.storage().repack(options, CallContext());
    }

    Result<void> put_without_commit() {
        CATALOG_TRY(const auto session, content_.storage().begin());
        CATALOG_TRY_VOID(session->put(noise(60'000, random_.next())));
        return {};
    }

    Result<void> change(bool puts, bool removes) {
        std::string line = "try " + owner_;
        std::set<unsigned> after = mine_;
        kv::WriteBatch batch;
        CATALOG_TRY(const auto session, content_.storage().begin());
        for (std::uint64_t left = removes ? 1 + random_.below(3) : 0; left != 0; --left) {
            const auto number = static_cast<unsigned>(random_.below(kWorkloadObjects));
            if (after.erase(number) == 0) continue;
            CATALOG_TRY_VOID(content_.storage().remove(workload_id(number), owner_, batch));
            line += " -" + std::to_string(number);
        }
        for (std::uint64_t left = puts ? 1 + random_.below(3) : 0; left != 0; --left) {
            const auto number = static_cast<unsigned>(random_.below(kWorkloadObjects));
            // Removing and adding one reference in one batch would be neither.
            if (mine_.contains(number)) continue;
            CATALOG_TRY(const ObjectInfo info, session->put(workload_object(number)));
            CATALOG_TRY_VOID(session->add_reference(owner_, info.id));
            after.insert(number);
            line += " +" + std::to_string(number);
        }
        CATALOG_TRY_VOID(session->stage(batch));
        say(line);
        CATALOG_TRY_VOID(content_.commit(std::move(batch)));
        say("done " + owner_);
        mine_ = std::move(after);
        return {};
    }

    OpenContent& content_;
    const std::string owner_;
    SeededRandom random_;
    std::set<unsigned> mine_;
};

int run(const std::string& folder, std::uint64_t seed) {
    const auto content = open_killed(folder, seed % 2 == 0);
    if (!content) {
        say("error " + content.error().to_string());
        return 1;
    }
    say("open");
    // Somebody may have damaged it meanwhile.
    if (const auto repaired = repair_killed(**content); !repaired || !repaired->hurt.empty()) {
        say("error " + (repaired ? "what a source has stays hurt" : repaired.error().to_string()));
        return 1;
    }
    std::vector<std::thread> threads;
    threads.reserve(kKilledOwners);
    for (std::size_t i = 0; i < kKilledOwners; ++i)
        threads.emplace_back([&, i] {
            const auto done = Writer(**content, std::string(kWorkloadOwners[i]), seed + i).run();
            say("error " + done.error().to_string());
            std::_Exit(1);
        });
    for (std::thread& thread : threads) thread.join();
    return 1;
}

}  // namespace
}  // namespace catalog::content::testing

int main(int count, char** arguments) {
    if (count != 3) return 2;
    try {
        return catalog::content::testing::run(arguments[1],
                                              std::strtoull(arguments[2], nullptr, 10));
    } catch (const std::exception&) {
        return 1;
    }
}
