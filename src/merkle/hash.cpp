#include "catalog/merkle/hash.hpp"

#include <sodium.h>

#include <type_traits>
#include <variant>

#include "sha256.hpp"

namespace catalog::merkle {

namespace {

class Blake2b {
public:
    Blake2b() noexcept {
        // Until it is called, libsodium uses its portable code instead of the processor's vectors.
        [[maybe_unused]] static const int initialised = sodium_init();
        crypto_generichash_init(&state_, nullptr, 0, ContentHash::kDigestBytes);
    }

    void update(ByteView bytes) noexcept {
        crypto_generichash_update(&state_, reinterpret_cast<const unsigned char*>(bytes.data()),
                                  bytes.size());
    }

    ContentHash finish() noexcept {
        ContentHash hash;
        hash.algorithm = HashAlgorithm::kBlake2b256;
        crypto_generichash_final(&state_, reinterpret_cast<unsigned char*>(hash.digest.data()),
                                 hash.digest.size());
        return hash;
    }

private:
    crypto_generichash_state state_;
};

}  // namespace

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
