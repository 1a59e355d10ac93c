#include "catalogue.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>

namespace catalog::bench {

namespace {

[[noreturn]] void give_up(std::string_view line) {
    std::fprintf(stderr, "not a line of the generator: %.*s\n",
                 static_cast<int>(std::min<std::size_t>(line.size(), 200)), line.data());
    std::exit(3);
}

// Walks one line.
class Line {
public:
    explicit Line(std::string_view line) : line_(line), rest_(line) {}

    void skip(std::string_view text) {
        if (!rest_.starts_with(text)) give_up(line_);
        rest_.remove_prefix(text.size());
    }
    [[nodiscard]] bool try_skip(char c) {
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    std::string_view text() {
        skip("\"");
        const std::size_t end = rest_.find('"');
        if (end == std::string_view::npos) give_up(line_);
        const std::string_view text = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
        return text;
    }

private:
    std::string_view line_;
    std::string_view rest_;
};

package::PackageType type_of(std::string_view text) {
    return package::parse_package_type(text).value_or(package::PackageType::kLibrary);
}

// How many texts and relations belong to each row: the vectors grow, so spans follow later.
struct Counts {
    std::size_t keywords = 0;
    std::size_t relations = 0;
};

void read_row(Line line, Catalogue& out, std::vector<Counts>& counts) {
    index::SegmentRow row;
    Counts count;
    line.skip("{\"name\":");
    row.name = line.text();
    line.skip(",\"version\":");
    row.version = line.text();
    line.skip(",\"description\":");
    row.description = line.text();
    line.skip(",\"keywords\":[");
    while (!line.try_skip(']')) {
        out.texts.push_back(line.text());
        ++count.keywords;
        static_cast<void>(line.try_skip(','));
    }
    line.skip(",\"type\":");
    row.type = type_of(line.text());
    line.skip(",\"license\":");
    row.license = line.text();
    line.skip(",\"author\":");
    out.texts.push_back(line.text());
    line.skip(",\"dependencies\":[");
    while (!line.try_skip(']')) {
        index::SegmentRelation relation;
        line.skip("{\"name\":");
        relation.name = line.text();
        line.skip(",\"req\":");
        relation.constraint = line.text();
        line.skip("}");
        static_cast<void>(line.try_skip(','));
        out.relations.push_back(relation);
        ++count.relations;
    }
    // What the generator does not have, made from what it has.
    std::uint64_t state = std::hash<std::string_view>{}(row.name) ^ out.rows.size();
    for (std::byte& byte : row.digest.digest) {
        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        byte = static_cast<std::byte>(state >> 56);
    }
    row.file_count = state % 400;
    row.file_bytes = state % 9'000'000;
    row.log_index = out.rows.size();
    row.published_us = 1'600'000'000'000'000 + static_cast<std::int64_t>(state % 100'000'000'000);
    out.rows.push_back(row);
    counts.push_back(count);
}

}  // namespace

std::unique_ptr<Catalogue> read_catalogue(const std::string& path, std::size_t rows_max) {
    auto out = std::make_unique<Catalogue>();
    std::ifstream file(path, std::ios::binary);
    file.seekg(0, std::ios::end);
    if (!file) give_up(path);
    out->bytes.resize(static_cast<std::size_t>(file.tellg()));
    file.seekg(0);
    file.read(out->bytes.data(), static_cast<std::streamsize>(out->bytes.size()));
    std::vector<Counts> counts;
    std::string_view rest = out->bytes;
    while (!rest.empty() && out->rows.size() < rows_max) {
        const std::size_t end = std::min(rest.find('\n'), rest.size() - 1);
        read_row(Line(rest.substr(0, end)), *out, counts);
        rest.remove_prefix(end + 1);
    }
    const std::string_view* texts = out->texts.data();
    const index::SegmentRelation* relations = out->relations.data();
    for (std::size_t i = 0; i < counts.size(); ++i) {
        index::SegmentRow& row = out->rows[i];
        row.keywords = {texts, counts[i].keywords};
        row.authors = {texts + counts[i].keywords, 1};
        texts += counts[i].keywords + 1;
        row.relations = {relations, counts[i].relations};
        relations += counts[i].relations;
    }
    return out;
}

std::vector<std::string> read_lines(const std::string& path) {
    std::vector<std::string> lines;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
}

}  // namespace catalog::bench
