#include "library_metrics.hpp"

#include <algorithm>  // IWYU pragma: keep
#include <string_view>

#include "catalog/library/asset_library.hpp"

namespace catalog::library {
namespace {

using monitor::MetricKind;
using monitor::Unit;

struct OperationTerms {
    std::string_view label;
    std::uint32_t one_in;
};
constexpr OperationTerms kOperations[] = {
#define CATALOG_OPERATION(name, label, one_in) {label, one_in},
    CATALOG_OPERATION_TABLE(CATALOG_OPERATION)
#undef CATALOG_OPERATION
};

struct ErrorTerms {
    Errc code;
    std::string_view label;
};
constexpr ErrorTerms kErrors[] = {
#define CATALOG_METRIC_ERROR(name, number, text, category, status) {Errc::name, text},
    CATALOG_ERRC_TABLE(CATALOG_METRIC_ERROR)
#undef CATALOG_METRIC_ERROR
};

/// Registers, and remembers the first refusal.
class Registrar {
public:
    explicit Registrar(monitor::PerformanceMonitor& monitor) : monitor_(monitor) {}

    monitor::Counter counter(const monitor::MetricTerms& terms, monitor::Labels labels = {}) {
        return taken(monitor_.counter(terms, std::move(labels)));
    }
    monitor::Histogram histogram(const monitor::MetricTerms& terms, monitor::Labels labels = {}) {
        return taken(monitor_.histogram(terms, std::move(labels)));
    }
    [[nodiscard]] const std::optional<Error>& refusal() const { return refusal_; }

private:
    template <class Handle>
    Handle taken(Result<Handle> handle) {
        if (handle) return *handle;
        if (!refusal_) refusal_ = handle.error();
        return {};
    }

    monitor::PerformanceMonitor& monitor_;
    std::optional<Error> refusal_;
};

}  // namespace

LibraryMetrics::LibraryMetrics(std::shared_ptr<monitor::PerformanceMonitor> monitor,
                               std::shared_ptr<const Clock> clock, LogSink& log)
    : monitor_(std::move(monitor)), clock_(std::move(clock)) {
    if (!monitor_) return;
    Registrar registrar(*monitor_);
    for (std::size_t i = 0; i < operations_.size(); ++i) {
        const monitor::Labels labels{{"operation", std::string(kOperations[i].label)}};
        operations_[i].calls =
            registrar.counter({"catalog_operations_total", "Calls of the library."}, labels);
        operations_[i].failures = registrar.counter(
            {"catalog_operation_failures_total", "Calls that returned an error."}, labels);
        operations_[i].seconds =
            registrar.histogram({"catalog_operation_seconds",
                                 "Time of calls; of find and versions one call in 16 is timed.",
                                 Unit::kSeconds, kOperations[i].one_in},
                                labels);
    }
    for (const ErrorTerms& error : kErrors)
        errors_.push_back(registrar.counter({"catalog_errors_total", "Errors that calls returned."},
                                            {{"code", std::string(error.label)}}));
    published_bytes = registrar.counter(
        {"catalog_published_bytes_total", "Bytes of files of published packages.", Unit::kBytes});
    installed_bytes = registrar.counter({"catalog_installed_bytes_total",
                                         "Bytes of files written by installations.", Unit::kBytes});
    read_bytes = registrar.counter({"catalog_read_bytes_total",
                                    "Bytes of files given to callers of read_file.", Unit::kBytes});
    commits_.clock = clock_;
    commits_.group_commits = registrar.histogram(
        {"catalog_commit_group_commits", "Commits that one synced batch made durable."});
    commits_.group_bytes = registrar.histogram(
        {"catalog_commit_group_bytes", "Bytes of changes in one synced batch.", Unit::kBytes});
    commits_.wait_seconds = registrar.histogram(
        {"catalog_commit_wait_seconds",
         "Time of commits from their submission until they were durable.", Unit::kSeconds});
    commits_.write_seconds = registrar.histogram(
        {"catalog_commit_write_seconds", "Time of synced batches.", Unit::kSeconds});
    const auto& refusal = registrar.refusal();
    if (!refusal) return;
    const std::string text = refusal->to_string();
    const LogField field{"error", text};
    log.write({LogLevel::kWarning, "library", "some metrics are not counted", {&field, 1}});
}

void LibraryMetrics::count_error(Errc code) const noexcept {
    // The table is in the order of the numbers.
    const auto* const found = std::ranges::lower_bound(kErrors, code, {}, &ErrorTerms::code);
    if (found == std::end(kErrors) || found->code != code) return;
    const auto index = static_cast<std::size_t>(found - std::begin(kErrors));
    if (index < errors_.size()) errors_[index].add();
}

void append_library_families(const LibraryStats& stats, const std::string& id,
                             std::vector<monitor::MetricFamily>& families) {
    const auto add = [&](std::string_view name, std::string_view help, MetricKind kind, Unit unit,
                         std::string_view label,
                         const std::vector<std::pair<std::string_view, std::uint64_t>>& values) {
        monitor::MetricFamily& family = families.emplace_back();
        family.name = name;
        family.help = help;
        family.kind = kind;
        family.unit = unit;
        for (const auto& [value_of_label, value] : values) {
            monitor::MetricSample& sample = family.samples.emplace_back();
            sample.labels.push_back({"library", id});
            if (!label.empty())
                sample.labels.push_back({std::string(label), std::string(value_of_label)});
            sample.value = static_cast<double>(value);
        }
    };
    add("catalog_packages", "Packages of the library, by name.", MetricKind::kGauge, Unit::kNone,
        "", {{"", stats.packages.names}});
    add("catalog_package_versions", "Versions of packages.", MetricKind::kGauge, Unit::kNone,
        "state",
        {{"published", stats.packages.published},
         {"metadata_only", stats.packages.imported},
         {"yanked", stats.packages.yanked},
         {"preparing", stats.preparing}});
    add("catalog_content_objects", "Objects that something needs.", MetricKind::kGauge, Unit::kNone,
        "", {{"", stats.content.objects}});
    add("catalog_content_chunks", "Distinct chunks that they consist of.", MetricKind::kGauge,
        Unit::kNone, "", {{"", stats.content.chunks}});
    add("catalog_content_bytes",
        "Bytes of distinct objects, of their distinct chunks, of these compressed.",
        MetricKind::kGauge, Unit::kBytes, "as",
        {{"objects", stats.content.object_bytes},
         {"chunks", stats.content.chunk_bytes},
         {"compressed", stats.content.payload_bytes}});
    add("catalog_disk_bytes", "Bytes that the library takes on disk.", MetricKind::kGauge,
        Unit::kBytes, "part",
        {{"packs", stats.content.stored_bytes}, {"database", stats.database_bytes}});
    add("catalog_unreferenced_bytes", "Bytes of packs that nothing needs.", MetricKind::kGauge,
        Unit::kBytes, "", {{"", stats.content.unreferenced_bytes}});
    add("catalog_log_entries", "Entries of the transparency log.", MetricKind::kGauge, Unit::kNone,
        "", {{"", stats.log_size}});
    add("catalog_commits_total", "Commits that this process made durable.", MetricKind::kCounter,
        Unit::kNone, "", {{"", stats.commits.commits}});
    add("catalog_commit_groups_total", "Synced batches for them.", MetricKind::kCounter,
        Unit::kNone, "", {{"", stats.commits.groups}});
    add("catalog_commits_refused_total", "Commits whose precondition did not hold.",
        MetricKind::kCounter, Unit::kNone, "", {{"", stats.commits.refused}});
    add("catalog_commits_waiting", "Commits that no batch has taken yet.", MetricKind::kGauge,
        Unit::kNone, "", {{"", stats.commits.waiting}});
}

}  // namespace catalog::library
