#include "catalog/security/transparency_log.hpp"

#include <charconv>

#include "catalog/core/bytes.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/json/read.hpp"
#include "catalog/json/write.hpp"

namespace catalog::security {

namespace {

constexpr std::string_view kSizeKey = "s";
constexpr std::string_view kCheckpointKey = "c";

std::string entry_key(std::uint64_t index) {
    std::string key = "e";
    append_be(key, index);
    return key;
}

std::string node_key(std::uint32_t level, std::uint64_t index) {
    std::string key = "n";
    key.push_back(static_cast<char>(level));
    append_be(key, index);
    return key;
}

Error log_damaged(std::string message) {
    return Error(Errc::kDatabaseCorrupt, "the log is damaged: " + std::move(message));
}

Result<std::uint64_t> decode_size(const std::optional<std::string>& value) {
    if (!value) return 0;
    if (value->size() != sizeof(std::uint64_t))
        return fail(log_damaged("its size record is malformed"));
    return load_be<std::uint64_t>(value->data());
}

Result<merkle::TreeHash> decode_node(const std::optional<std::string>& value) {
    if (!value || value->size() != ContentHash::kDigestBytes)
        return fail(log_damaged("a tree node is missing or malformed"));
    return ContentHash::from_digest(HashAlgorithm::kSha256, as_bytes(*value));
}

/// Returns the size line of a note without checking anything else; 0 when there is none.
std::uint64_t size_in_note(std::string_view note) noexcept {
    const std::size_t line = note.find('\n');
    std::uint64_t size = 0;
    if (line != std::string_view::npos)
        std::from_chars(note.data() + line + 1, note.data() + note.size(), size);
    return size;
}

/// Nodes as any reader with `get(family, key)` sees them: the store, or a commit's view.
template <class Reader>
class StoredNodes final : public merkle::NodeSource {
public:
    StoredNodes(const Reader& reader, kv::Family family) : reader_(reader), family_(family) {}

    Result<merkle::TreeHash> node(std::uint32_t level, std::uint64_t index) const override {
        CATALOG_TRY(const std::optional<std::string> value,
                    reader_.get(family_, node_key(level, index)));
        return decode_node(value);
    }

private:
    const Reader& reader_;
    kv::Family family_;
};

}  // namespace

std::string LogEntry::encode() const {
    json::Object object{{"event", event},
                        {"id", id},
                        {"digest", digest},
                        {"principal", principal},
                        {"time_us", static_cast<std::int64_t>(time.time_since_epoch().count())}};
    if (!envelope_digest.empty()) object.emplace("envelope", envelope_digest);
    if (!reason.empty()) object.emplace("reason", reason);
    return json::write_canonical(object);
}

Result<LogEntry> LogEntry::decode(std::string_view text) {
    const auto malformed = [](const Error& cause) {
        return fail(Error(Errc::kCheckpointInvalid, "a log entry is malformed").with_cause(cause));
    };
    const Result<json::Value> document = json::read_canonical(text);
    if (!document) return malformed(document.error());
    const json::Object* object = document->as_object();
    if (object == nullptr) return fail(Errc::kCheckpointInvalid, "a log entry is not an object");
    LogEntry entry;
    const struct {
        std::string_view name;
        std::string* into;
        bool required;
    } members[] = {{"event", &entry.event, true},    {"id", &entry.id, true},
                   {"digest", &entry.digest, true},  {"envelope", &entry.envelope_digest, false},
                   {"reason", &entry.reason, false}, {"principal", &entry.principal, false}};
    for (const auto& member : members) {
        Result<std::string> value = member.required
                                        ? json::require_string(*object, member.name, "log entry")
                                        : json::optional_string(*object, member.name, "log entry");
        if (!value) return malformed(value.error());
        *member.into = *std::move(value);
    }
    const json::Value* time = document->find("time_us");
    if (time == nullptr || time->as_int() == nullptr)
        return fail(Errc::kCheckpointInvalid, "a log entry has no time");
    entry.time = WallTime(std::chrono::microseconds(*time->as_int()));
    // One entry has one text, so that nothing that is proved goes unread.
    if (entry.encode() != text)
        return fail(Errc::kCheckpointInvalid, "a log entry has a member that none has");
    return entry;
}

struct TransparencyLog::Impl {
    kv::KeyValueStore& store;
    kv::Family family;
    std::string origin;

    [[nodiscard]] Result<std::uint64_t> size() const {
        CATALOG_TRY(const std::optional<std::string> value, store.get(family, kSizeKey));
        return decode_size(value);
    }

    [[nodiscard]] Result<std::string> entry_text(std::uint64_t index) const {
        CATALOG_TRY(std::optional<std::string> text, store.get(family, entry_key(index)));
        if (!text)
            return fail(Errc::kNotFound, "the log has no entry " + std::to_string(index),
                        NotFoundDetail{"log entry", std::to_string(index)});
        return *std::move(text);
    }
};

TransparencyLog::TransparencyLog(kv::KeyValueStore& store, kv::Family family, std::string origin)
    : impl_(new Impl{store, family, std::move(origin)}) {}

TransparencyLog::~TransparencyLog() = default;

Result<std::uint64_t> TransparencyLog::stage_append(const kv::CommitView& view,
                                                    kv::WriteBatch& batch, const LogEntry& entry) {
    CATALOG_TRY(const std::optional<std::string> stored, view.get(impl_->family, kSizeKey));
    CATALOG_TRY(const std::uint64_t index, decode_size(stored));
    const StoredNodes nodes(view, impl_->family);
    CATALOG_TRY(merkle::Frontier frontier, merkle::load_frontier(nodes, index));
    std::string text = entry.encode();
    std::vector<merkle::TreeNode> completed;
    frontier.append(merkle::leaf_hash(as_bytes(text)), completed);
    for (const merkle::TreeNode& node : completed)
        batch.put(impl_->family, node_key(node.level, node.index),
                  std::string(as_text(node.hash.digest)));
    batch.put(impl_->family, entry_key(index), std::move(text));
    std::string size;
    append_be(size, index + 1);
    batch.put(impl_->family, std::string(kSizeKey), std::move(size));
    return index;
}

Result<std::uint64_t> TransparencyLog::size() const { return impl_->size(); }

Result<LogEntry> TransparencyLog::entry(std::uint64_t index) const {
    CATALOG_TRY(const std::string text, impl_->entry_text(index));
    return LogEntry::decode(text);
}

Result<Checkpoint> TransparencyLog::head() const {
    // A snapshot, so that size and nodes are of one moment while publishers go on.
    const std::shared_ptr<const kv::Snapshot> snapshot = impl_->store.snapshot();
    CATALOG_TRY(const std::optional<std::string> stored, snapshot->get(impl_->family, kSizeKey));
    CATALOG_TRY(const std::uint64_t size, decode_size(stored));
    CATALOG_TRY(const merkle::TreeHash root,
                merkle::root_of(StoredNodes(*snapshot, impl_->family), size));
    return Checkpoint{impl_->origin, size, root};
}

Result<std::vector<merkle::TreeHash>> TransparencyLog::inclusion_proof(std::uint64_t index,
                                                                       std::uint64_t size) const {
    CATALOG_TRY(const std::uint64_t now, impl_->size());
    if (size > now)
        return fail(Errc::kInvalidArgument,
                    "the log has " + std::to_string(now) + " entries, not " + std::to_string(size));
    return merkle::inclusion_proof(StoredNodes(impl_->store, impl_->family), index, size);
}

Result<std::vector<merkle::TreeHash>> TransparencyLog::consistency_proof(
    std::uint64_t old_size, std::uint64_t new_size) const {
    CATALOG_TRY(const std::uint64_t now, impl_->size());
    if (new_size > now)
        return fail(Errc::kInvalidArgument, "the log has " + std::to_string(now) +
                                                " entries, not " + std::to_string(new_size));
    return merkle::consistency_proof(StoredNodes(impl_->store, impl_->family), old_size, new_size);
}

Result<std::optional<std::string>> TransparencyLog::signed_checkpoint() const {
    return impl_->store.get(impl_->family, kCheckpointKey);
}

Result<void> TransparencyLog::stage_checkpoint(const kv::CommitView& view, kv::WriteBatch& batch,
                                               std::string_view note, std::uint64_t size) const {
    CATALOG_TRY(const std::optional<std::string> stored, view.get(impl_->family, kCheckpointKey));
    if (stored && size_in_note(*stored) >= size) return {};
    batch.put(impl_->family, std::string(kCheckpointKey), std::string(note));
    return {};
}

Result<std::vector<std::string>> TransparencyLog::verify() const {
    std::vector<std::string> problems;
    CATALOG_TRY(const std::uint64_t size, impl_->size());
    merkle::Frontier frontier;
    for (std::uint64_t index = 0; index < size; ++index) {
        const Result<std::string> text = impl_->entry_text(index);
        if (!text) {
            problems.push_back("entry " + std::to_string(index) + ": " + text.error().to_string());
            return problems;  // what follows cannot be recomputed without this leaf
        }
        if (const Result<LogEntry> entry = LogEntry::decode(*text); !entry)
            problems.push_back("entry " + std::to_string(index) + ": " + entry.error().to_string());
        std::vector<merkle::TreeNode> completed;
        frontier.append(merkle::leaf_hash(as_bytes(*text)), completed);
        for (const merkle::TreeNode& node : completed) {
            CATALOG_TRY(const std::optional<std::string> stored,
                        impl_->store.get(impl_->family, node_key(node.level, node.index)));
            if (!stored || *stored != as_text(node.hash.digest))
                problems.push_back("tree node " + std::to_string(node.level) + "/" +
                                   std::to_string(node.index) +
                                   " does not follow from the entries");
        }
    }
    return problems;
}

}  // namespace catalog::security
