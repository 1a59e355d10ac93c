#include "input.hpp"

#include <istream>
#include <memory>

#include "catalog/internal/try.hpp"

namespace catalog::cli {

Result<content::ByteSource> open_input(Session& session, const std::string& path) {
    if (path == "-") {
        return [&in = session.streams().in](std::span<std::byte> out) -> Result<std::size_t> {
            in.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
            if (in.bad())
                return fail(Error(Errc::kIo, "standard input cannot be read").with_input("-"));
            return static_cast<std::size_t>(in.gcount());
        };
    }
    CATALOG_TRY(std::shared_ptr<io::ReadableFile> file, session.file_system()->open_read(path));
    return [file, path, offset = std::uint64_t{0},
            ended = false](std::span<std::byte> out) mutable -> Result<std::size_t> {
        if (ended) return 0;
        const Result<std::size_t> got = file->read_at(offset, out);
        if (!got) return fail(got.error().with_input(path));
        offset += *got;
        ended = *got < out.size();
        return *got;
    };
}

}  // namespace catalog::cli
