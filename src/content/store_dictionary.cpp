#include "store_dictionary.hpp"

#include <algorithm>

namespace catalog::content {

std::shared_ptr<const Dictionary> StoreDictionary::for_chunk(ByteView chunk, bool resembles_none) {
    if (!options_.enabled || level_ == 0 || chunk.size() > options_.chunk_bytes_max) return nullptr;
    if (stale_.exchange(false)) ask();
    if (may_train_ && resembles_none) sample(chunk);
    return dictionary_;
}

void StoreDictionary::ask() {
    may_train_ = false;
    dictionary_.reset();
    const auto in_use = backend_.dictionary_in_use();
    if (!in_use) return;
    if (const auto& dictionary = *in_use)
        use(*dictionary);
    else
        may_train_ = options_.train_after_bytes != 0 && backend_.keeps_dictionaries();
}

void StoreDictionary::use(ByteView dictionary) {
    if (auto loaded = Dictionary::load(dictionary, level_)) dictionary_ = *std::move(loaded);
}

// The part of what was seen that may be sampled grows with it, so that samples come from all of it.
void StoreDictionary::sample(ByteView chunk) {
    seen_bytes_ += chunk.size();
    const std::uint64_t share_bytes = seen_bytes_ * options_.sample_bytes_max /
                                      std::max(options_.train_after_bytes, std::uint64_t{1});
    if (sampled_bytes_ + chunk.size() <= std::min(share_bytes, options_.sample_bytes_max)) {
        samples_.emplace_back(chunk.begin(), chunk.end());
        sampled_bytes_ += chunk.size();
    }
    if (seen_bytes_ >= options_.train_after_bytes) train();
}

void StoreDictionary::train() {
    may_train_ = false;
    const auto trained = train_dictionary(std::vector<ByteView>(samples_.begin(), samples_.end()),
                                          options_.dictionary_bytes_max);
    samples_ = {};
    if (trained && backend_.use_dictionary(*trained)) use(*trained);
}

}  // namespace catalog::content
