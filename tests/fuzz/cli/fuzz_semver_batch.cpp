// Any line of `catalog semver --batch` is answered, and the answer says whether it is one.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "catalog/json/read.hpp"
#include "catalog/json/write.hpp"
#include "semver_batch.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view line(reinterpret_cast<const char*>(data), size);
    const catalog::json::Object answer = catalog::cli::answer_semver(catalog::json::read(line));
    const auto ok = answer.find("ok");
    if (ok == answer.end() || ok->second.as_bool() == nullptr) std::abort();
    if (!answer.contains(*ok->second.as_bool() ? "result" : "error")) std::abort();
    if (!catalog::json::read_canonical(catalog::json::write_canonical(answer))) std::abort();
    return 0;
}
