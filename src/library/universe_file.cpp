#include "universe_file.hpp"

#include <algorithm>
#include <memory>

#include "catalog/internal/try.hpp"
#include "catalog/merkle/hash.hpp"

namespace catalog::library {

namespace {

constexpr std::string_view kMagic{"CTLGLIVE", 8};
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderBytes = kUniverseFileHeaderBytes;
constexpr std::size_t kCheckedBytes = 56;  ///< The check stands behind them.

std::string header_of(const LibraryId& id, const index::IndexState& state) {
    std::string header(kMagic);
    append_le(header, kVersion);
    append_le(header, std::uint32_t{0});
    header += as_text(id.bytes);
    append_le(header, state.sequence);
    header += as_text(state.chain);
    const ContentHash check = merkle::hash_of(as_bytes(header));
    header += as_text(check.bytes().first(kHeaderBytes - kCheckedBytes));
    return header;
}

Error not_this_universe(const std::string& path, std::string_view what) {
    return Error(Errc::kUniverseInvalid, "the frozen form of the library's packages " +
                                             std::string(what) + " and is made anew when needed")
        .with_input(path);
}

}  // namespace

std::string universe_path(const std::string& library) {
    return io::join_path(library, "index/universe");
}

Result<void> write_universe(io::FileSystem& fs, const std::string& library, const LibraryId& id,
                            const index::IndexState& state, Bytes& file) {
    CATALOG_TRY_VOID(io::make_directories_durably(fs, io::join_path(library, "index")));
    const std::string header = header_of(id, state);
    std::ranges::copy(as_bytes(header), file.begin());
    return io::write_file_durably(fs, universe_path(library), file);
}

Result<FrozenIndex> open_universe(io::FileSystem& fs, const std::string& library,
                                  const LibraryId& id) {
    const std::string path = universe_path(library);
    CATALOG_TRY(const io::FileInfo info, fs.info(path));
    if (info.kind != io::FileKind::kRegular || info.size < kHeaderBytes)
        return fail(not_this_universe(path, "is cut off"));
    CATALOG_TRY(std::shared_ptr<io::MappedRegion> region, fs.map(path, 0, info.size));
    const ByteView bytes = region->bytes();
    index::IndexState state;
    state.sequence = load_le<std::uint64_t>(bytes.data() + 32);
    std::ranges::copy(bytes.subspan(40, state.chain.size()), state.chain.begin());
    if (as_text(bytes.first(kHeaderBytes)) != header_of(id, state))
        return fail(not_this_universe(path, "is damaged, or of another library or program"));
    auto universe = resolve::FrozenUniverse::open(bytes.subspan(kHeaderBytes), region);
    if (!universe) return fail(universe.error().with_input(path));
    if (const Result<void> sound = universe->verify(); !sound)
        return fail(sound.error().with_input(path));
    return FrozenIndex{*std::move(universe), state};
}

Result<bool> remove_universe(io::FileSystem& fs, const std::string& library) {
    const Result<void> removed = fs.remove_file(universe_path(library));
    if (removed) return true;
    if (removed.error().code() == Errc::kFileNotFound) return false;
    return fail(removed.error());
}

}  // namespace catalog::library
