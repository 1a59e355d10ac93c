#include "segment_dictionary.hpp"

#include <algorithm>

namespace catalog::index {

namespace {
constexpr std::size_t kSharedBytesMax = 255;
}

std::size_t shared_bytes(std::string_view before, std::string_view text) noexcept {
    const std::size_t most = std::min({before.size(), text.size(), kSharedBytesMax});
    std::size_t shared = 0;
    while (shared < most && before[shared] == text[shared]) ++shared;
    return shared;
}

void DictionaryWriter::add(std::string_view text) {
    std::size_t shared = 0;
    if (size_ % kFenceStep == 0) {
        fences_.push_back(fence_of(text));
        offsets_.push_back(static_cast<std::uint32_t>(texts_.size()));
    } else {
        shared = shared_bytes(last_, text);
    }
    texts_.push_back(static_cast<std::byte>(shared));
    const std::size_t rest = text.size() - shared;
    if (rest >= 0x80) texts_.push_back(static_cast<std::byte>((rest & 0x7f) | 0x80));
    texts_.push_back(static_cast<std::byte>(rest >= 0x80 ? rest >> 7 : rest));
    const ByteView bytes = as_bytes(text.substr(shared));
    texts_.insert(texts_.end(), bytes.begin(), bytes.end());
    last_.assign(text);
    ++size_;
}

const std::vector<std::uint32_t>& DictionaryWriter::finish() {
    offsets_.push_back(static_cast<std::uint32_t>(texts_.size()));
    return offsets_;
}

bool DictionaryWalk::next() noexcept {
    if (rest_.size() < 2) return false;
    const auto shared = std::to_integer<std::size_t>(rest_[0]);
    auto bytes = std::to_integer<std::size_t>(rest_[1]);
    std::size_t head = 2;
    if (bytes >= 0x80) {
        if (rest_.size() < 3) return false;
        bytes = (bytes & 0x7f) | std::to_integer<std::size_t>(rest_[2]) << 7;
        head = 3;
        if (bytes < 0x80) return false;
    }
    if (shared > size_ || shared + bytes > text_.size() || bytes > rest_.size() - head)
        return false;
    const std::string_view rest = as_text(rest_.subspan(head, bytes));
    std::ranges::copy(rest, text_.begin() + static_cast<std::ptrdiff_t>(shared));
    shared_ = shared;
    size_ = shared + bytes;
    rest_ = rest_.subspan(head + bytes);
    return true;
}

}  // namespace catalog::index
