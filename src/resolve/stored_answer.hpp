#pragma once
// What a SolutionCache is given: questions and answers as JSON, with a digest.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/json/value.hpp"
#include "catalog/resolve/request.hpp"

namespace catalog::resolve {

[[nodiscard]] json::Value root_value(const Root& root);
/// Returns what of a request decides whether there is an answer at all, but for the roots.
[[nodiscard]] json::Object world_object(const Request& request);
[[nodiscard]] json::Value request_value(const Request& request);
[[nodiscard]] json::Value solution_value(const Solution& solution);
[[nodiscard]] json::Value failure_value(const Error& failure);

/// Reads members of a document whose shape may be anything; the first that is wrong spoils all.
class StoredReader {
public:
    [[nodiscard]] bool is_sound() const noexcept { return sound_; }

    std::string text(const json::Value& value, std::string_view name) {
        const json::Value* member = value.find(name);
        const std::string* text = member == nullptr ? nullptr : member->as_string();
        return text == nullptr ? (sound_ = false, std::string()) : *text;
    }
    bool flag(const json::Value& value, std::string_view name) {
        const json::Value* member = value.find(name);
        const bool* flag = member == nullptr ? nullptr : member->as_bool();
        return flag == nullptr ? (sound_ = false) : *flag;
    }
    std::size_t index(const json::Value* value, std::size_t end) {
        const std::int64_t* number = value == nullptr ? nullptr : value->as_int();
        if (number == nullptr || *number < 0 || static_cast<std::uint64_t>(*number) >= end) {
            sound_ = false;
            return 0;
        }
        return static_cast<std::size_t>(*number);
    }
    const json::Array& array(const json::Value* value) {
        static const json::Array empty;
        const json::Array* array = value == nullptr ? nullptr : value->as_array();
        return array == nullptr ? (sound_ = false, empty) : *array;
    }
    std::vector<std::string> texts(const json::Value& value, std::string_view name) {
        std::vector<std::string> texts;
        for (const json::Value& element : array(value.find(name))) {
            const std::string* text = element.as_string();
            sound_ &= text != nullptr;
            if (text != nullptr) texts.push_back(*text);
        }
        return texts;
    }

    Solution solution(const json::Value& value, std::size_t roots) {
        Solution solution;
        for (const json::Value& stored : array(value.find("packages"))) {
            Resolved package;
            package.name = text(stored, "name");
            const auto version = version::SemVer::parse(text(stored, "version"));
            sound_ &= version.has_value();
            if (version) package.candidate.version = *version;
            package.candidate.yanked = flag(stored, "yanked");
            package.candidate.source_id = text(stored, "source");
            package.features = texts(stored, "features");
            solution.packages.push_back(std::move(package));
        }
        const std::size_t count = solution.packages.size();
        for (const json::Value& root : array(value.find("roots")))
            solution.roots.push_back(index(&root, count));
        sound_ &= solution.roots.size() == roots;
        for (const json::Value& stored : array(value.find("edges"))) {
            Edge edge;
            edge.from = index(stored.find("from"), count);
            edge.to = index(stored.find("to"), count);
            edge.kind = static_cast<DependencyKind>(index(stored.find("kind"), 5));
            edge.as = text(stored, "as");
            solution.edges.push_back(std::move(edge));
        }
        for (const json::Value& component : array(value.find("order"))) {
            solution.order.emplace_back();
            for (const json::Value& member : array(&component))
                solution.order.back().push_back(index(&member, count));
        }
        return solution;
    }

    Error failure(const json::Value& value) {
        constexpr std::size_t kCodesEnd = 1'000'000;
        const Errc code = static_cast<Errc>(index(value.find("code"), kCodesEnd));
        ErrorDetail detail;
        if (code == Errc::kUnsatisfiable) {
            detail = ResolutionDetail{texts(value, "roots"), texts(value, "steps")};
        } else if (code == Errc::kUnknownPackage) {
            detail = NotFoundDetail{text(value, "missing_kind"), text(value, "missing")};
        } else if (code == Errc::kDependencyCycle) {
            detail = CycleDetail{texts(value, "path")};
        } else {
            sound_ = false;
        }
        Error error(code, text(value, "message"), std::move(detail));
        if (const std::string input = text(value, "input"); !input.empty())
            error = error.with_input(input);
        if (const std::string hint = text(value, "hint"); !hint.empty())
            error = error.with_hint(hint);
        return error;
    }

private:
    bool sound_ = true;
};

/// Returns the text that a store is given: a digest, which finds what the store damaged and is no
/// proof against who writes to it, and the answer.
[[nodiscard]] std::string sealed(const json::Value& answer);
/// Returns the answer of a sealed text; nullopt when it is damaged.
[[nodiscard]] std::optional<std::string_view> unsealed(std::string_view stored);

}  // namespace catalog::resolve
