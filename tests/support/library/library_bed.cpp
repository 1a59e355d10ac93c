#include "support/library/library_bed.hpp"

#include <atomic>
#include <random>

#include "support/io/results.hpp"

namespace catalog::library::testing {

using io::testing::must;

namespace {

/// A clock that moves only when somebody sleeps on it.
class StandingClock final : public Clock {
public:
    MonotonicTime now_monotonic() const override {
        return MonotonicTime(std::chrono::nanoseconds(now_.load()));
    }
    WallTime now_wall() const override {
        return WallTime(std::chrono::microseconds(1'700'000'000'000'000 + now_.load() / 1000));
    }
    bool sleep_for(std::chrono::nanoseconds duration, const std::stop_token& stop) const override {
        now_ += duration.count();
        return !stop.stop_requested();
    }

private:
    mutable std::atomic<std::int64_t> now_{0};
};

class SeededBytes final : public Random {
public:
    explicit SeededBytes(std::uint64_t seed) : engine_(seed) {}
    Result<void> fill(std::span<std::byte> out) override {
        for (std::byte& byte : out) byte = static_cast<std::byte>(engine_() & 0xff);
        return {};
    }

private:
    std::mt19937_64 engine_;
};

}  // namespace

Environment environment_on(std::shared_ptr<io::FileSystem> fs, std::uint64_t seed) {
    Environment environment;
    environment.file_system = std::move(fs);
    environment.clock = std::make_shared<StandingClock>();
    environment.random = std::make_shared<SeededBytes>(seed);
    environment.executor = make_thread_pool(1);
    return environment;
}

std::unique_ptr<AssetLibrary> open_library(const Environment& environment,
                                           const std::string& path) {
    LibraryOptions options;
    options.create_if_missing = true;
    return must(AssetLibrary::open(path, options, environment));
}

lifecycle::PackageDraft small_draft(std::string_view name, std::string_view version,
                                    const std::vector<SmallFile>& files,
                                    const std::vector<std::string>& needs) {
    lifecycle::PackageBuilder builder(must(PackageName::parse(name)),
                                      must(version::SemVer::parse(version)));
    builder.description("a small package").license("MIT");
    for (const SmallFile& file : files)
        builder.file(file.path, std::string_view(file.text), file.executable);
    for (const std::string& need : needs) {
        const std::size_t space = need.find(' ');
        builder.depends_on(need.substr(0, space), need.substr(space + 1));
    }
    return must(builder.build());
}

std::string noise(std::size_t bytes, std::uint64_t seed) {
    std::mt19937_64 engine(seed);
    std::string text(bytes, '\0');
    for (char& c : text) c = static_cast<char>(engine() & 0xff);
    return text;
}

std::string file_of(AssetLibrary& library, std::string_view id, std::string_view path) {
    std::string text;
    must(library.read_file(must(PackageId::parse(id)), path, [&](ByteView bytes) -> Result<void> {
        text += as_text(bytes);
        return {};
    }));
    return text;
}

}  // namespace catalog::library::testing
