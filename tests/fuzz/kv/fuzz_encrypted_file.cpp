// A file of an encrypted store of any bytes: reading it gives what is behind its head, or one of
// the errors that a head can have. Inputs are also tried behind a right head.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "file_cipher.hpp"

namespace {

using namespace catalog;
using namespace catalog::kv;

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto cipher = FileCipher::make(as_bytes("a key of just thirty-two bytes.."));
    require(cipher.has_value());
    const ByteView input(reinterpret_cast<const std::byte*>(data), size);

    FileHead head{};
    std::copy_n(input.begin(), std::min(input.size(), head.size()), head.begin());
    const Result<FileNonce> nonce = (*cipher)->read_head(head);
    if (nonce) {
        const Result<FileHead> again = (*cipher)->make_head(*nonce);
        require(again && *again == head);
    } else {
        const Errc code = nonce.error().code();
        require(code == Errc::kDatabaseCorrupt || code == Errc::kUnsupported ||
                code == Errc::kKeyInvalid);
    }

    // Any bytes decrypt to something that encrypts to them, in whatever pieces.
    FileNonce any{};
    std::copy_n(input.begin(), std::min(input.size(), any.size()), any.begin());
    Bytes plain(input.size());
    require((*cipher)->apply(any, 0, input, plain).has_value());
    Bytes back(input.size());
    const std::size_t cut = input.empty() ? 0 : data[0] % (input.size() + 1);
    const ByteView whole(plain);
    const std::span<std::byte> out(back);
    require((*cipher)->apply(any, 0, whole.first(cut), out.first(cut)).has_value());
    require((*cipher)->apply(any, cut, whole.subspan(cut), out.subspan(cut)).has_value());
    require(std::equal(back.begin(), back.end(), input.begin()));
    return 0;
}
