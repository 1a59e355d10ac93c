#include "support/core/randoms.hpp"

namespace catalog::fakes {

Result<void> SeededRandom::fill(std::span<std::byte> out) {
    const internal::MutexLock lock(mutex_);
    for (std::byte& byte : out) {
        if (left_ == 0) {
            std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
            z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
            z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
            word_ = z ^ (z >> 31);
            left_ = sizeof word_;
        }
        byte = static_cast<std::byte>(word_ & 0xff);
        word_ >>= 8;
        --left_;
    }
    return {};
}

Result<void> FaultyRandom::fill(std::span<std::byte> out) {
    const std::size_t call = calls_++;
    if (call == failing_call_ || (for_ever_ && call > failing_call_)) {
        if (Result<void> half = base_->fill(out.first(out.size() / 2)); !half) return half;
        return fail(Errc::kRandomUnavailable, "no random bytes");
    }
    return base_->fill(out);
}

}  // namespace catalog::fakes
