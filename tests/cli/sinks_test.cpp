// The program's own sinks keep the contracts that every sink keeps.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <sstream>
#include <string>

#include "log_printer.hpp"
#include "progress_bar.hpp"
#include "support/core/fake_clock.hpp"
#include "support/core/log_sink_contract.hpp"
#include "support/core/progress_contract.hpp"

namespace catalog::fakes {
namespace {

struct LogPrinterWorld {
    LogSink& sink() { return sink_; }
    std::optional<std::string> text() { return out_.str(); }
    std::ostringstream out_;
    cli::LogPrinter sink_{out_};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Printer, LogSinkContract, LogPrinterWorld);

struct ProgressBarWorld {
    ProgressSink& sink() { return sink_; }
    /// It draws ten times a second at most.
    static std::optional<std::size_t> seen() { return std::nullopt; }
    std::ostringstream out_;
    cli::ProgressBar sink_{out_, std::make_shared<FakeClock>()};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Bar, ProgressSinkContract, ProgressBarWorld);

}  // namespace
}  // namespace catalog::fakes

namespace catalog::cli {
namespace {

TEST(ProgressBar, DrawsCountsAndWipesItself) {
    const auto clock = std::make_shared<fakes::FakeClock>();
    std::ostringstream out;
    {
        ProgressBar bar(out, clock);
        bar.update({"import", "index", "packages", 2000, 0});
        EXPECT_EQ(out.str(),
                  "\r"
                  "import: index 2,000 packages\x1b[K");
        bar.update({"import", "index", "packages", 4000, 0});
        EXPECT_EQ(out.str().find("4,000"), std::string::npos) << "drawn within a tenth of a second";
        clock->advance(std::chrono::seconds(2));
        bar.update({"import", "index", "packages", 6000, 12'000});
        EXPECT_NE(
            out.str().find("[############............] 50% 6,000 packages of 12,000 packages"),
            std::string::npos)
            << out.str();
        EXPECT_NE(out.str().find("3,000 packages/s"), std::string::npos) << out.str();
    }
    EXPECT_TRUE(out.str().ends_with("\r\x1b[K"));
}

TEST(ProgressBar, LetsNoTextDriveTheTerminal) {
    std::ostringstream out;
    ProgressBar bar(out, std::make_shared<fakes::FakeClock>());
    bar.update({"imp\x1b[2Jort", "index\n", "packages", 1, 0});
    EXPECT_EQ(out.str(), "\rimp?[2Jort: index? 1 packages\x1b[K");
}

}  // namespace
}  // namespace catalog::cli
