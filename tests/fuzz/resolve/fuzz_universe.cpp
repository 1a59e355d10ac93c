// Bytes are a frozen universe whose checksums are right: damage that nobody looked for, and what a
// foreign writer may write. Whatever it says, nothing outside of it is read and every search ends.

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include "catalog/resolve/sat_resolver.hpp"
#include "catalog/resolve/universe.hpp"
#include "frozen_view.hpp"

namespace {

using catalog::Bytes;
using catalog::ByteView;
using catalog::CallContext;
using namespace catalog::resolve;

constexpr std::size_t kSizeAt = 16;
constexpr std::size_t kIdentityAt = 24;
constexpr std::size_t kHeaderSumAt = 504;

void put(Bytes& bytes, std::size_t at, std::uint64_t number) {
    std::memcpy(bytes.data() + at, &number, sizeof number);
}

/// Makes the checksums right, as whoever wrote the file would have.
void seal(Bytes& bytes) {
    const ByteView all(bytes);
    put(bytes, kSizeAt, bytes.size());
    put(bytes, kIdentityAt, frozen::checksum(all.subspan(frozen::kHeaderBytes)));
    put(bytes, kHeaderSumAt, frozen::checksum(all.first(kHeaderSumAt)));
}

void ask_everything(UniverseProvider& provider) {
    for (char letter = 'a'; letter <= 'z'; ++letter) {
        const std::string name(1, letter);
        static_cast<void>(provider.providers(name));
        const auto versions = provider.versions(name);
        if (!versions) continue;
        std::size_t left = 50;
        for (const Candidate& candidate : *versions) {
            if (left-- == 0) break;
            static_cast<void>(provider.record(name, candidate));
        }
    }
}

void solve(UniverseProvider& provider, Engine engine) {
    SatOptions options;
    options.engine = engine;
    SatResolver resolver(catalog::make_system_clock(), options);
    Request request;
    request.conflicts_max = 200;
    for (const char* name : {"a", "b"}) {
        Root root;
        root.target.name = name;
        request.roots.push_back(root);
    }
    static_cast<void>(resolver.resolve(request, provider, CallContext()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto* const first = reinterpret_cast<const std::byte*>(data);
    const auto owner = std::make_shared<Bytes>(first, first + size);
    if (size >= frozen::kHeaderBytes) seal(*owner);
    const auto universe = FrozenUniverse::open(ByteView(*owner), owner);
    if (!universe) return 0;
    static_cast<void>(universe->verify());
    UniverseProvider provider(*universe);
    ask_everything(provider);
    for (const Engine engine : {Engine::kAutomatic, Engine::kBoolean}) solve(provider, engine);
    return 0;
}
