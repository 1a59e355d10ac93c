#include "catalog/merkle/hash.hpp"

#include <variant>

#include "blake2b.hpp"
#include "sha256.hpp"

namespace catalog::merkle {

struct Hasher::Impl {
    explicit Impl(HashAlgorithm a) noexcept : algorithm(a) { reset(); }

    void reset() noexcept {
        if (algorithm == HashAlgorithm::kBlake2b256)
            state.emplace<Blake2b>();
        else
            state.emplace<Sha256>();
    }

    HashAlgorithm algorithm;
    std::variant<Sha256, Blake2b> state;
};

Hasher::Hasher(HashAlgorithm algorithm) : impl_(std::make_unique<Impl>(algorithm)) {}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::update(ByteView bytes) noexcept {
    std::visit([&](auto& state) { state.update(bytes); }, impl_->state);
}

ContentHash Hasher::finish() noexcept {
    const ContentHash hash = std::visit([](auto& state) { return state.finish(); }, impl_->state);
    impl_->reset();
    return hash;
}

ContentHash hash_of(ByteView bytes, HashAlgorithm algorithm) noexcept {
    if (algorithm == HashAlgorithm::kBlake2b256) {
        Blake2b state;
        state.update(bytes);
        return state.finish();
    }
    Sha256 state;
    state.update(bytes);
    return state.finish();
}

}  // namespace catalog::merkle
