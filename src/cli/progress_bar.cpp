#include "progress_bar.hpp"

#include <algorithm>
#include <cmath>
#include <ostream>

#include "text.hpp"

namespace catalog::cli {

namespace {

constexpr std::chrono::milliseconds kRedraw{100};
constexpr std::size_t kBarColumns = 24;

std::string amount(std::uint64_t value, std::string_view unit) {
    return unit == "bytes" ? size_text(value) : count_text(value) + " " + std::string(unit);
}

std::string duration_text(double seconds) {
    const auto whole = static_cast<std::uint64_t>(std::llround(seconds));
    const std::uint64_t minutes = whole / 60;
    const std::string rest = std::to_string(whole % 60);
    return std::to_string(minutes) + ":" + (rest.size() < 2 ? "0" : "") + rest;
}

}  // namespace

ProgressBar::ProgressBar(std::ostream& terminal, std::shared_ptr<Clock> clock)
    : terminal_(terminal), clock_(std::move(clock)) {}

ProgressBar::~ProgressBar() {
    const internal::MutexLock lock(mutex_);
    if (visible_) terminal_ << "\r\x1b[K" << std::flush;
}

void ProgressBar::update(const ProgressUpdate& update) noexcept {
    const internal::MutexLock lock(mutex_);
    const MonotonicTime now = clock_->now_monotonic();
    if (phase_ != update.phase) {
        phase_ = std::string(update.phase);
        phase_start_ = now;
    }
    const bool last = update.total > 0 && update.done >= update.total;
    if (visible_ && !last && now - drawn_ < kRedraw) return;
    drawn_ = now;
    draw(update, now);
}

void ProgressBar::draw(const ProgressUpdate& update, MonotonicTime now) {
    std::string line = std::string(update.operation) + ": " + std::string(update.phase) + " ";
    const double seconds = std::chrono::duration<double>(now - phase_start_).count();
    const double rate = seconds > 0.5 ? static_cast<double>(update.done) / seconds : 0;
    if (update.total > 0) {
        const double share =
            std::min(1.0, static_cast<double>(update.done) / static_cast<double>(update.total));
        const auto filled = static_cast<std::size_t>(share * static_cast<double>(kBarColumns));
        line += "[" + std::string(filled, '#') + std::string(kBarColumns - filled, '.') + "] " +
                std::to_string(static_cast<int>(share * 100)) + "% " +
                amount(update.done, update.unit) + " of " + amount(update.total, update.unit);
        if (rate > 0 && share < 1)
            line += ", " + duration_text(static_cast<double>(update.total - update.done) / rate) +
                    " left";
    } else {
        line += amount(update.done, update.unit);
    }
    if (rate > 0) line += ", " + amount(static_cast<std::uint64_t>(rate), update.unit) + "/s";
    terminal_ << '\r' << printable(line) << "\x1b[K" << std::flush;
    visible_ = true;
}

}  // namespace catalog::cli
