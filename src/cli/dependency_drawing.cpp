#include "dependency_drawing.hpp"

#include <algorithm>
#include <vector>

#include "catalog/internal/try.hpp"
#include "catalog/library/resolution.hpp"
#include "catalog/resolve/sat_resolver.hpp"

namespace catalog::cli {

namespace {

constexpr int kBoxHeight = 40;
constexpr int kLayerGap = 56;
constexpr int kBoxGap = 18;
constexpr int kMargin = 24;
constexpr int kTitleHeight = 40;
constexpr int kCharacterWidth = 8;
constexpr std::size_t kBoxesPerRow = 8;

struct Box {
    int x = 0;
    int y = 0;
    int width = 0;
};

std::string escaped(std::string_view text, bool xml) {
    std::string result;
    for (const char c : text) {
        if (xml && c == '&')
            result += "&amp;";
        else if (xml && c == '<')
            result += "&lt;";
        else if (xml && c == '>')
            result += "&gt;";
        else if (xml && c == '"')
            result += "&quot;";
        else if (!xml && (c == '"' || c == '\\'))
            result += std::string("\\") + c;
        else
            result += c;
    }
    return result;
}

std::string label_of(const resolve::Resolved& package) {
    return package.name + "@" + package.candidate.version.to_string();
}

/// Returns for each package how far it stands from the roots, by its longest chain; members of a
/// cycle stand together.
std::vector<std::size_t> layers_of(const resolve::Solution& solution) {
    std::vector<std::size_t> component(solution.packages.size(), 0);
    for (std::size_t c = 0; c < solution.order.size(); ++c)
        for (const std::size_t package : solution.order[c]) component[package] = c;
    std::vector<std::size_t> depth(solution.order.size(), 0);
    // Dependencies come first in `order`, so from the back every dependent is final before what it
    // needs.
    for (std::size_t c = solution.order.size(); c-- > 0;)
        for (const resolve::Edge& edge : solution.edges)
            if (component[edge.from] == c && component[edge.to] != c)
                depth[component[edge.to]] = std::max(depth[component[edge.to]], depth[c] + 1);
    std::vector<std::size_t> layers;
    layers.reserve(solution.packages.size());
    for (std::size_t package = 0; package < solution.packages.size(); ++package)
        layers.push_back(depth[component[package]]);
    return layers;
}

/// Orders each layer by the mean place of its dependents, so that arrows cross less (Sugiyama,
/// Tagawa and Toda 1981).
std::vector<std::vector<std::size_t>> rows_of(const resolve::Solution& solution) {
    const std::vector<std::size_t> layers = layers_of(solution);
    std::vector<std::vector<std::size_t>> rows;
    for (std::size_t package = 0; package < layers.size(); ++package) {
        rows.resize(std::max(rows.size(), layers[package] + 1));
        rows[layers[package]].push_back(package);
    }
    std::vector<double> place(layers.size(), 0);
    for (std::vector<std::size_t>& row : rows) {
        std::vector<std::pair<double, std::size_t>> keyed;
        for (const std::size_t package : row) {
            double sum = 0;
            double count = 0;
            for (const resolve::Edge& edge : solution.edges) {
                if (edge.to != package || layers[edge.from] >= layers[package]) continue;
                sum += place[edge.from];
                count += 1;
            }
            keyed.emplace_back(count > 0 ? sum / count : 0, package);
        }
        std::ranges::sort(keyed);
        for (std::size_t i = 0; i < row.size(); ++i) {
            row[i] = keyed[i].second;
            place[row[i]] = (static_cast<double>(i) + 0.5) / static_cast<double>(row.size());
        }
    }
    // A wide layer is folded: a picture that nobody can fit on a screen says nothing.
    std::vector<std::vector<std::size_t>> folded;
    for (const std::vector<std::size_t>& row : rows)
        for (std::size_t start = 0; start < row.size(); start += kBoxesPerRow)
            folded.emplace_back(row.begin() + static_cast<std::ptrdiff_t>(start),
                                row.begin() + static_cast<std::ptrdiff_t>(
                                                  std::min(start + kBoxesPerRow, row.size())));
    return folded;
}

std::string number(int value) { return std::to_string(value); }

std::string arrow(const Box& from, const Box& to, bool dashed) {
    const int x1 = from.x + from.width / 2;
    const int y1 = from.y + kBoxHeight;
    const int x2 = to.x + to.width / 2;
    const int y2 = to.y;
    const int bend = std::max(24, (y2 - y1) / 2);  // an arrow that goes up bends out of the way
    return "<path class=\"edge\" d=\"M" + number(x1) + " " + number(y1) + " C" + number(x1) + " " +
           number(y1 + bend) + " " + number(x2) + " " + number(y2 - bend) + " " + number(x2) + " " +
           number(y2) + "\"" + (dashed ? " stroke-dasharray=\"5 4\"" : "") +
           " marker-end=\"url(#tip)\"/>\n";
}

}  // namespace

std::string dot_of(const resolve::Solution& solution) {
    std::string text =
        "digraph dependencies {\n  rankdir=TB;\n  node [shape=box, fontname=\"sans-serif\"];\n";
    for (std::size_t i = 0; i < solution.packages.size(); ++i) {
        const bool root = std::ranges::find(solution.roots, i) != solution.roots.end();
        text += "  \"" + escaped(label_of(solution.packages[i]), false) + "\"" +
                (root ? " [style=bold]" : "") + ";\n";
    }
    for (const resolve::Edge& edge : solution.edges)
        text += "  \"" + escaped(label_of(solution.packages[edge.from]), false) + "\" -> \"" +
                escaped(label_of(solution.packages[edge.to]), false) + "\"" +
                (edge.kind == DependencyKind::kRequired ? "" : " [style=dashed]") + ";\n";
    return text + "}\n";
}

std::string svg_of(const resolve::Solution& solution, const std::string& title) {
    const std::vector<std::vector<std::size_t>> rows = rows_of(solution);
    std::vector<Box> boxes(solution.packages.size());
    std::vector<int> widths;
    int width = 320;
    for (const std::vector<std::size_t>& row : rows) {
        int row_width = -kBoxGap;
        for (const std::size_t package : row) {
            boxes[package].width =
                static_cast<int>(label_of(solution.packages[package]).size()) * kCharacterWidth +
                24;
            row_width += boxes[package].width + kBoxGap;
        }
        widths.push_back(row_width);
        width = std::max(width, row_width + 2 * kMargin);
    }
    for (std::size_t r = 0; r < rows.size(); ++r) {
        int x = (width - widths[r]) / 2;
        for (const std::size_t package : rows[r]) {
            boxes[package].x = x;
            boxes[package].y =
                kTitleHeight + kMargin + static_cast<int>(r) * (kBoxHeight + kLayerGap);
            x += boxes[package].width + kBoxGap;
        }
    }
    const int height = kTitleHeight + 2 * kMargin +
                       static_cast<int>(rows.size()) * (kBoxHeight + kLayerGap) - kLayerGap;
    std::string svg =
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + number(width) + "\" height=\"" +
        number(height) + "\" viewBox=\"0 0 " + number(width) + " " + number(height) +
        "\">\n<title>" + escaped(title, true) +
        "</title>\n<style>text{font:13px "
        "ui-monospace,monospace;fill:#1b2733}.box{fill:#eef4fb;stroke:#5b7fa6}"
        ".root{fill:#fff4d6;stroke:#b98900}.edge{fill:none;stroke:#8a99a8}.title{font:600 16px "
        "sans-serif}</style>\n"
        "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" "
        "markerHeight=\"8\" "
        "orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#8a99a8\"/></marker></defs>\n"
        "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n<text class=\"title\" x=\"" +
        number(kMargin) + "\" y=\"" + number(kTitleHeight - 8) + "\">" + escaped(title, true) +
        "</text>\n";
    for (const resolve::Edge& edge : solution.edges)
        svg += arrow(boxes[edge.from], boxes[edge.to], edge.kind != DependencyKind::kRequired);
    for (std::size_t i = 0; i < boxes.size(); ++i) {
        const bool root = std::ranges::find(solution.roots, i) != solution.roots.end();
        svg += "<rect class=\"" + std::string(root ? "root" : "box") + "\" x=\"" +
               number(boxes[i].x) + "\" y=\"" + number(boxes[i].y) + "\" width=\"" +
               number(boxes[i].width) + "\" height=\"" + number(kBoxHeight) +
               "\" rx=\"6\"/>\n<text x=\"" + number(boxes[i].x + boxes[i].width / 2) + "\" y=\"" +
               number(boxes[i].y + kBoxHeight / 2 + 5) + "\" text-anchor=\"middle\">" +
               escaped(label_of(solution.packages[i]), true) + "</text>\n";
    }
    return svg + "</svg>\n";
}

Result<std::string> draw_dependencies(Session& session, library::AssetLibrary& library,
                                      const std::string& request_text, bool svg) {
    resolve::Request request;
    CATALOG_TRY(resolve::Root root, library::parse_request(request_text, version::Dialect::kCargo));
    request.roots.push_back(std::move(root));
    request.policy = resolve::VersionPolicy::kPerMajor;
    resolve::SatResolver resolver(session.environment().clock);
    CATALOG_TRY(const resolve::Solution solution,
                library.resolve(resolver, request, session.context()));
    return svg ? svg_of(solution, "What " + request_text + " needs") : dot_of(solution);
}

}  // namespace catalog::cli
