#include "catalog/resolve/compatibility_matrix.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <set>
#include <utility>

#include "remembering_provider.hpp"

namespace catalog::resolve {

namespace {

using Axis = CompatibilityMatrix::Axis;
using Cell = CompatibilityMatrix::Cell;

Result<Axis> make_axis(const std::string& name, DependencyProvider& provider,
                       const MatrixOptions& options) {
    Axis axis;
    axis.name = name;
    CATALOG_TRY(const std::vector<Candidate> candidates, provider.versions(name));
    for (const Candidate& candidate : candidates)
        if (candidate.source_id.empty() && !candidate.yanked &&
            (options.include_prereleases || !candidate.version.is_prerelease()))
            axis.versions.push_back(candidate.version);
    if (axis.versions.empty())
        return fail(Error(Errc::kUnknownPackage, "the package has no version to look at",
                          NotFoundDetail{"package", name})
                        .with_input(name));
    std::ranges::sort(axis.versions, std::greater<>());
    if (axis.versions.size() > options.versions_max) axis.versions.resize(options.versions_max);
    return axis;
}

void pin(Request& request, const Axis& axis, std::size_t version) {
    Root root;
    root.target = {axis.name, version::VersionConstraint(version::Exact{axis.versions[version]})};
    request.roots.push_back(std::move(root));
}

Result<Cell> ask_resolver(const Request& request, DependencyProvider& provider, Resolver& resolver,
                          const CallContext& context) {
    const Result<Solution> solution = resolver.resolve(request, provider, context);
    if (solution) return Cell::kYes;
    switch (solution.error().code()) {
        case Errc::kUnsatisfiable:
        case Errc::kUnknownPackage:
        case Errc::kDependencyCycle:
            return Cell::kNo;
        case Errc::kBudgetExhausted:
            return Cell::kUnknown;
        default:
            return fail(solution.error());
    }
}

char cell_mark(Cell cell) noexcept {
    if (cell == Cell::kYes) return '+';
    return cell == Cell::kNo ? '.' : '?';
}

std::string padded(std::string text, std::size_t width) {
    text.resize(std::max(width, text.size()), ' ');
    return text;
}

std::string escaped_xml(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '<') {
            out += "&lt;";
        } else if (c == '>') {
            out += "&gt;";
        } else if (c == '&') {
            out += "&amp;";
        } else if (c == '"') {
            out += "&quot;";
        } else {
            out += c;
        }
    }
    return out;
}

constexpr std::size_t kCellPixels = 22;
constexpr std::size_t kLabelPixels = 130;
constexpr std::size_t kGapPixels = 40;

std::string svg_text(std::size_t x, std::size_t y, std::string_view attributes,
                     std::string_view text) {
    return "<text x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\"" +
           std::string(attributes) + ">" + escaped_xml(text) + "</text>\n";
}

std::string svg_cell(std::size_t x, std::size_t y, Cell cell) {
    const char* colour = cell == Cell::kNo ? "#f3d9d3" : "#eeeeee";
    if (cell == Cell::kYes) colour = "#2f7d4f";
    std::string text = "<rect x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) +
                       "\" width=\"" + std::to_string(kCellPixels - 2) + "\" height=\"" +
                       std::to_string(kCellPixels - 2) + "\" fill=\"" + colour + "\"/>\n";
    // A mark too: colours alone do not tell everybody.
    text += svg_text(x + 6, y + 15, cell == Cell::kYes ? " fill=\"#ffffff\"" : "",
                     std::string(1, cell_mark(cell)));
    return text;
}

}  // namespace

Result<CompatibilityMatrix> CompatibilityMatrix::compute(const std::vector<std::string>& names,
                                                         DependencyProvider& provider,
                                                         Resolver& resolver,
                                                         const CallContext& context,
                                                         const MatrixOptions& options) {
    if (names.size() < 2 ||
        std::set<std::string>(names.begin(), names.end()).size() != names.size())
        return fail(Error(Errc::kInvalidArgument, "a matrix needs two or more different packages"));
    RememberingProvider remembered(provider);
    CompatibilityMatrix matrix;
    for (const std::string& name : names) {
        CATALOG_TRY(Axis axis, make_axis(name, remembered, options));
        matrix.axes_.push_back(std::move(axis));
    }
    std::size_t cells = 0;
    for (std::size_t a = 0; a < names.size(); ++a)
        for (std::size_t b = a + 1; b < names.size(); ++b)
            cells += matrix.axes_[a].versions.size() * matrix.axes_[b].versions.size();
    if (cells > options.cells_max)
        return fail(Error(Errc::kLimitExceeded, "the matrix has too many cells",
                          LimitDetail{"cells_max", options.cells_max, cells})
                        .with_hint("look at fewer versions or packages"));
    for (std::size_t a = 0; a < names.size(); ++a) {
        for (std::size_t b = a + 1; b < names.size(); ++b) {
            Pair pair{a, b, {}};
            for (std::size_t i = 0; i < matrix.axes_[a].versions.size(); ++i) {
                for (std::size_t j = 0; j < matrix.axes_[b].versions.size(); ++j) {
                    Request request = options.base;
                    pin(request, matrix.axes_[a], i);
                    pin(request, matrix.axes_[b], j);
                    CATALOG_TRY(const Cell cell,
                                ask_resolver(request, remembered, resolver, context));
                    pair.cells.push_back(cell);
                }
            }
            matrix.pairs_.push_back(std::move(pair));
        }
    }
    return matrix;
}

Cell CompatibilityMatrix::at(std::size_t a, std::size_t i, std::size_t b,
                             std::size_t j) const noexcept {
    for (const Pair& pair : pairs_)
        if (pair.a == a && pair.b == b) return pair.cells[i * axes_[b].versions.size() + j];
    return Cell::kUnknown;
}

std::string CompatibilityMatrix::to_text() const {
    std::string text;
    for (const Pair& pair : pairs_) {
        const Axis& rows = axes_[pair.a];
        const Axis& columns = axes_[pair.b];
        if (!text.empty()) text += "\n";
        text += rows.name + " down, " + columns.name + " across\n";
        std::size_t label = 0;
        for (const auto& version : rows.versions)
            label = std::max(label, version.to_string().size());
        std::string head = padded("", label);
        for (const auto& version : columns.versions) head += "  " + version.to_string();
        text += head + "\n";
        for (std::size_t i = 0; i < rows.versions.size(); ++i) {
            std::string line = padded(rows.versions[i].to_string(), label);
            for (std::size_t j = 0; j < columns.versions.size(); ++j)
                line +=
                    "  " +
                    padded(std::string(1, cell_mark(pair.cells[i * columns.versions.size() + j])),
                           columns.versions[j].to_string().size());
            line.erase(line.find_last_not_of(' ') + 1);
            text += line + "\n";
        }
    }
    return text;
}

std::string CompatibilityMatrix::to_svg() const {
    std::string body;
    std::size_t top = 0;
    std::size_t width = 0;
    for (const Pair& pair : pairs_) {
        const Axis& rows = axes_[pair.a];
        const Axis& columns = axes_[pair.b];
        const std::size_t first = top + kLabelPixels;
        body += svg_text(4, top + 18, " font-weight=\"bold\"",
                         rows.name + " down, " + columns.name + " across");
        for (std::size_t j = 0; j < columns.versions.size(); ++j) {
            const std::string x = std::to_string(kLabelPixels + j * kCellPixels + 14);
            const std::string y = std::to_string(first - 6);
            body += svg_text(kLabelPixels + j * kCellPixels + 14, first - 6,
                             " transform=\"rotate(-60 " + x + " " + y + ")\"",
                             columns.versions[j].to_string());
        }
        for (std::size_t i = 0; i < rows.versions.size(); ++i) {
            const std::size_t y = first + i * kCellPixels;
            body += svg_text(4, y + 15, "", rows.versions[i].to_string());
            for (std::size_t j = 0; j < columns.versions.size(); ++j)
                body += svg_cell(kLabelPixels + j * kCellPixels, y,
                                 pair.cells[i * columns.versions.size() + j]);
        }
        top = first + rows.versions.size() * kCellPixels + kGapPixels;
        width = std::max(width, kLabelPixels + columns.versions.size() * kCellPixels + 60);
    }
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + std::to_string(width) +
           "\" height=\"" + std::to_string(top) +
           "\" font-family=\"sans-serif\" font-size=\"12\">\n"
           "<title>Versions that stand together (+) and that do not (.)</title>\n" +
           body + "</svg>\n";
}

}  // namespace catalog::resolve
