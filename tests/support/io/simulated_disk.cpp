#include "support/io/simulated_disk.hpp"

#include <algorithm>
#include <set>

namespace catalog::io::testing {

namespace {

constexpr std::int64_t kEpochNs = 1'700'000'000'000'000'000;
constexpr std::int64_t kTickNs = 1'000'000;

// The entry that an edit replaces or removes.
NodePtr current_entry(const NameEdit& edit) {
    const auto entry = edit.folder->entries.find(edit.name);
    return entry == edit.folder->entries.end() ? nullptr : entry->second;
}

void set_entry(SimulatedNode::Entries& entries, std::uint32_t SimulatedNode::* links,
               const NameEdit& edit) {
    if (const auto old = entries.find(edit.name); old != entries.end()) {
        --((*old->second).*links);
        entries.erase(old);
    }
    if (edit.node == nullptr) return;
    ++((*edit.node).*links);
    entries[edit.name] = edit.node;
}

bool keeps_a_name(const NodePtr& node, const std::vector<NameEdit>& edits) {
    return std::any_of(edits.begin(), edits.end(),
                       [&](const NameEdit& edit) { return edit.node == node; });
}

bool is_folder(const NodePtr& node) {
    return node != nullptr && node->kind == FileKind::kDirectory;
}

}  // namespace

void apply_change(const DataChange& change, std::string& data, std::uint32_t& mode) {
    switch (change.kind) {
        case DataChange::Kind::kWrite: {
            if (change.bytes.empty()) return;
            const std::uint64_t end = change.offset + change.bytes.size();
            if (data.size() < end) data.resize(end, '\0');
            data.replace(change.offset, change.bytes.size(), change.bytes);
            return;
        }
        case DataChange::Kind::kTruncate:
            data.resize(change.offset, '\0');
            return;
        case DataChange::Kind::kMode:
            mode = change.mode;
            return;
    }
}

SimulatedDisk::SimulatedDisk() : clock_ns_(kEpochNs) {
    root_ = make_node(FileKind::kDirectory, 0755);
    root_->links = root_->durable_links = 1;
}

SimulatedDisk::~SimulatedDisk() {
    // The two sides of moved folders may hold each other; and a deep tree must not be freed by
    // recursion. Holding all nodes while the entries go away avoids both.
    pending_.clear();
    std::vector<NodePtr> all;
    for (const auto& weak : nodes_)
        if (auto node = weak.lock()) all.push_back(std::move(node));
    for (const NodePtr& node : all) {
        node->entries.clear();
        node->durable_entries.clear();
    }
}

NodePtr SimulatedDisk::make_node(FileKind kind, std::uint32_t mode) {
    auto node = std::make_shared<SimulatedNode>();
    node->id = next_id_++;
    node->kind = kind;
    node->mode = node->durable_mode = mode;
    touch(*node);
    if (nodes_.size() >= prune_at_) {
        std::erase_if(nodes_, [](const auto& weak) { return weak.expired(); });
        prune_at_ = std::max<std::size_t>(1024, nodes_.size() * 2);
    }
    nodes_.push_back(node);
    return node;
}

void SimulatedDisk::touch(SimulatedNode& node) noexcept {
    clock_ns_ += kTickNs;
    node.modified_ns = node.changed_ns = clock_ns_;
}

void SimulatedDisk::set_modified(SimulatedNode& node, std::int64_t modified_ns) noexcept {
    touch(node);
    node.modified_ns = modified_ns;
}

void SimulatedDisk::change_data(SimulatedNode& node, DataChange change) {
    const std::int64_t modified_ns = node.modified_ns;
    touch(node);
    if (change.kind == DataChange::Kind::kMode) node.modified_ns = modified_ns;
    apply_change(change, node.data, node.mode);
    node.pending.push_back(std::move(change));
}

void SimulatedDisk::sync_data(SimulatedNode& node) {
    for (const DataChange& change : node.pending)
        if (!change.lost) apply_change(change, node.durable_data, node.durable_mode);
    node.pending.clear();
}

void SimulatedDisk::fail_sync(SimulatedNode& node) {
    for (DataChange& change : node.pending) change.lost = true;
}

void SimulatedDisk::change_names(std::vector<NameEdit> edits) {
    NameChange change;
    change.edits = std::move(edits);
    collect_needs(change);
    std::vector<std::uint64_t> touched;
    for (const NameEdit& edit : change.edits) {
        if (const NodePtr old = current_entry(edit)) touched.push_back(old->id);
        if (edit.node != nullptr) touched.push_back(edit.node->id);
    }
    const std::uint64_t number = next_change_++;
    remember(number, change, touched);
    for (const NameEdit& edit : change.edits) {
        clock_ns_ += kTickNs;
        if (const NodePtr old = current_entry(edit)) old->changed_ns = clock_ns_;
        if (edit.node != nullptr) edit.node->changed_ns = clock_ns_;
        set_entry(edit.folder->entries, &SimulatedNode::links, edit);
        touch(*edit.folder);
    }
    pending_.emplace(number, std::move(change));
}

void SimulatedDisk::collect_needs(NameChange& change) const {
    const auto need = [&](std::uint64_t number) {
        if (is_pending(number)) change.needs.push_back(number);
    };
    const auto need_node = [&](std::uint64_t id) {
        if (const auto last = last_of_node_.find(id); last != last_of_node_.end())
            need(last->second);
    };
    for (const NameEdit& edit : change.edits) {
        if (const auto last = last_of_slot_.find({edit.folder->id, edit.name});
            last != last_of_slot_.end())
            need(last->second);
        const NodePtr old = current_entry(edit);
        if (old != nullptr) need_node(old->id);
        if (edit.node != nullptr) need_node(edit.node->id);
        if (const auto last = last_of_node_.find(edit.folder->id);
            last != last_of_node_.end() && is_pending(last->second))
            change.folders.push_back(last->second);
        // A folder is only removed empty: what emptied it comes first.
        if (is_folder(old) && !keeps_a_name(old, change.edits))
            if (const auto inside = inside_folder_.find(old->id); inside != inside_folder_.end())
                for (const std::uint64_t number : inside->second) need(number);
        // Two moves of folders out of order could make a ring of folders.
        if (change.edits.size() > 1 && is_folder(edit.node)) need(last_folder_move_);
    }
    add_folder_needs(change);
}

// A file that is durable under its old name must not vanish by moving into a folder that is not.
void SimulatedDisk::add_folder_needs(NameChange& change) const {
    const bool moves_durable =
        change.edits.size() > 1 &&
        std::any_of(change.edits.begin(), change.edits.end(), [](const NameEdit& edit) {
            return edit.node != nullptr && edit.node->durable_links > 0;
        });
    if (!moves_durable) return;
    std::set<std::uint64_t> seen;
    std::vector<std::uint64_t> open = change.folders;
    while (!open.empty()) {
        const std::uint64_t number = open.back();
        open.pop_back();
        const auto found = pending_.find(number);
        if (found == pending_.end() || !seen.insert(number).second) continue;
        change.needs.push_back(number);
        open.insert(open.end(), found->second.folders.begin(), found->second.folders.end());
    }
}

void SimulatedDisk::remember(std::uint64_t number, const NameChange& change,
                             const std::vector<std::uint64_t>& touched) {
    for (const NameEdit& edit : change.edits) {
        last_of_slot_[{edit.folder->id, edit.name}] = number;
        inside_folder_[edit.folder->id].push_back(number);
        if (change.edits.size() > 1 && is_folder(edit.node)) last_folder_move_ = number;
    }
    for (const std::uint64_t id : touched) last_of_node_[id] = number;
}

void SimulatedDisk::sync_names(const SimulatedNode& folder) {
    std::vector<std::uint64_t> ready;
    for (auto& [number, change] : pending_) {
        bool touches = false;
        bool complete = true;
        for (NameEdit& edit : change.edits) {
            if (edit.folder.get() == &folder) touches = edit.synced = true;
            complete = complete && edit.synced;
        }
        if (touches && complete) ready.push_back(number);
    }
    make_durable(std::move(ready));
}

void SimulatedDisk::sync_everything() {
    for (const auto& weak : nodes_)
        if (const NodePtr node = weak.lock()) sync_data(*node);
    std::vector<std::uint64_t> all;
    for (const auto& [number, change] : pending_) all.push_back(number);
    make_durable(std::move(all));
}

void SimulatedDisk::fail_everything() {
    for (const auto& weak : nodes_)
        if (const NodePtr node = weak.lock()) fail_sync(*node);
}

void SimulatedDisk::make_durable(std::vector<std::uint64_t> numbers) {
    std::set<std::uint64_t> chosen;
    while (!numbers.empty()) {
        const std::uint64_t number = numbers.back();
        numbers.pop_back();
        const auto found = pending_.find(number);
        if (found == pending_.end() || !chosen.insert(number).second) continue;
        numbers.insert(numbers.end(), found->second.needs.begin(), found->second.needs.end());
    }
    for (const std::uint64_t number : chosen) {  // in order of time
        const auto found = pending_.find(number);
        for (const NameEdit& edit : found->second.edits)
            set_entry(edit.folder->durable_entries, &SimulatedNode::durable_links, edit);
        pending_.erase(found);
    }
    if (!pending_.empty()) return;
    last_of_slot_.clear();
    last_of_node_.clear();
    inside_folder_.clear();
}

std::uint64_t SimulatedDisk::used_bytes() const {
    std::uint64_t used = 0;
    for (const auto& weak : nodes_) {
        const NodePtr node = weak.lock();
        if (node != nullptr && node->kind == FileKind::kRegular &&
            (node->links > 0 || node->opens > 0))
            used += node->data.size();
    }
    return used;
}

}  // namespace catalog::io::testing
