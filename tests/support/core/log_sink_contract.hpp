#pragma once
// What every LogSink must do. An implementation runs it with a default-constructible type; `text`
// returns what the sink has kept or printed so far, nullopt where nobody can see it:
//
//   struct Mine { LogSink& sink(); std::optional<std::string> text(); };
//   INSTANTIATE_TYPED_TEST_SUITE_P(Mine, LogSinkContract, Mine);

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "catalog/core/log_sink.hpp"

namespace catalog::fakes {

inline constexpr std::array kLogLevels{LogLevel::kTrace, LogLevel::kDebug, LogLevel::kInfo,
                                       LogLevel::kWarning, LogLevel::kError};

/// Returns how often `what` occurs in `text`.
inline std::size_t occurrences(const std::string& text, const std::string& what) {
    std::size_t count = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
        ++count;
    return count;
}

template <class World>
class LogSinkContract : public ::testing::Test {
protected:
    /// Writes a record when it is wanted, as callers do. Returns whether it was.
    bool write(LogLevel level, const std::string& message, std::span<const LogField> fields = {}) {
        if (!world_.sink().enabled(level)) return false;
        world_.sink().write({level, "contract", message, fields});
        return true;
    }

    World world_;
};

TYPED_TEST_SUITE_P(LogSinkContract);

TYPED_TEST_P(LogSinkContract, WhoWantsALevelWantsWhatIsMoreSerious) {
    bool wanted = false;
    for (const LogLevel level : kLogLevels) {
        const bool here = this->world_.sink().enabled(level);
        EXPECT_TRUE(here || !wanted) << "level " << static_cast<int>(level);
        wanted = here;
        EXPECT_EQ(this->world_.sink().enabled(level), here) << "asked again";
    }
}

TYPED_TEST_P(LogSinkContract, KeepsEachWantedRecordOnceWithItsFields) {
    std::size_t written = 0;
    for (const LogLevel level : kLogLevels) {
        // The views end with the call: what the sink keeps must be its own.
        const std::string message = "sentence-" + std::to_string(static_cast<int>(level)) + "-end";
        const std::string value = "value-" + std::to_string(static_cast<int>(level)) + "-end";
        const LogField fields[] = {{"key", value}, {"other", "x"}};
        if (this->write(level, message, fields)) ++written;
    }
    const std::optional<std::string> text = this->world_.text();
    if (!text) return;
    EXPECT_EQ(occurrences(*text, "sentence-"), written) << *text;
    EXPECT_EQ(occurrences(*text, "value-"), written) << *text;
    EXPECT_EQ(occurrences(*text, "contract"), written) << *text;
}

TYPED_TEST_P(LogSinkContract, TakesTextOfAnyShape) {
    const std::string shapes[] = {
        "",        std::string(100'000, 'x'), std::string("a\0b", 3), "two\nlines",
        "\x1b[2J", "not \xff UTF-8"};
    for (const std::string& shape : shapes) {
        const LogField fields[] = {{"key", shape}, {shape, "value"}};
        this->write(LogLevel::kError, shape, fields);
        this->world_.sink().write({LogLevel::kError, shape, shape, {}});
    }
    this->write(LogLevel::kError, "the-last-one");
    const std::optional<std::string> text = this->world_.text();
    if (!text || !this->world_.sink().enabled(LogLevel::kError)) return;
    EXPECT_EQ(occurrences(*text, "the-last-one"), 1u);
}

TYPED_TEST_P(LogSinkContract, TakesRecordsFromManyThreadsWhole) {
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread)
        threads.emplace_back([this] {
            for (int i = 0; i < 50; ++i) {
                const LogField fields[] = {{"key", "one-value"}};
                this->write(LogLevel::kError, "one-sentence", fields);
            }
        });
    for (std::thread& thread : threads) thread.join();
    const std::optional<std::string> text = this->world_.text();
    if (!text) return;
    const std::size_t expected = this->world_.sink().enabled(LogLevel::kError) ? 200 : 0;
    EXPECT_EQ(occurrences(*text, "one-sentence"), expected);
    EXPECT_EQ(occurrences(*text, "one-value"), expected);
}

REGISTER_TYPED_TEST_SUITE_P(LogSinkContract, WhoWantsALevelWantsWhatIsMoreSerious,
                            KeepsEachWantedRecordOnceWithItsFields, TakesTextOfAnyShape,
                            TakesRecordsFromManyThreadsWhole);

}  // namespace catalog::fakes
