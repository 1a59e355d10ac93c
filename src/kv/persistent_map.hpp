#pragma once
// PersistentMap: an immutable ordered map of byte strings. A change makes a new map that shares all
// but the changed path with the old one, so a snapshot is a copy of one pointer.
//
// An AVL tree with path copying (Adelson-Velsky and Landis, 1962; the functional form is that of
// the OCaml standard library's Map). The height is at most 1.44 log2(n), which bounds the recursion
// of insert, remove and destruction.

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace catalog::kv {

/// Thread safety: a map value is immutable; copies may be read from different threads.
class PersistentMap {
public:
    struct Entry {
        std::string key;
        std::string value;
    };

    /// Returns the entry at `key`, or null. Valid as long as a map that holds it. O(log n).
    [[nodiscard]] const Entry* find(std::string_view key) const noexcept {
        const Node* node = root_.get();
        while (node != nullptr) {
            const int order = key.compare(node->entry->key);
            if (order == 0) return node->entry.get();
            node = order < 0 ? node->left.get() : node->right.get();
        }
        return nullptr;
    }

    /// Returns the first entry after `key`, or at it when `inclusive`; null when there is none.
    [[nodiscard]] const Entry* first_after(std::string_view key, bool inclusive) const noexcept {
        const Entry* best = nullptr;
        for (const Node* node = root_.get(); node != nullptr;) {
            const int order = key.compare(node->entry->key);
            const bool qualifies = inclusive ? order <= 0 : order < 0;
            if (qualifies) best = node->entry.get();
            node = qualifies ? node->left.get() : node->right.get();
        }
        return best;
    }

    /// Returns the last entry before `key`, or at it when `inclusive`; null when there is none.
    [[nodiscard]] const Entry* last_before(std::string_view key, bool inclusive) const noexcept {
        const Entry* best = nullptr;
        for (const Node* node = root_.get(); node != nullptr;) {
            const int order = key.compare(node->entry->key);
            const bool qualifies = inclusive ? order >= 0 : order > 0;
            if (qualifies) best = node->entry.get();
            node = qualifies ? node->right.get() : node->left.get();
        }
        return best;
    }

    /// Returns a map in which `key` has `value`. O(log n).
    [[nodiscard]] PersistentMap with(std::string key, std::string value) const {
        auto entry = std::make_shared<const Entry>(Entry{std::move(key), std::move(value)});
        return PersistentMap(insert(root_, entry));
    }

    /// Returns a map without `key`. O(log n).
    [[nodiscard]] PersistentMap without(std::string_view key) const {
        return find(key) == nullptr ? *this : PersistentMap(remove(root_, key));
    }

    /// Returns the number of nodes on the longest path from the root.
    [[nodiscard]] int height() const noexcept { return height(root_); }

    PersistentMap() = default;

private:
    struct Node;
    using Link = std::shared_ptr<const Node>;
    using EntryLink = std::shared_ptr<const Entry>;
    struct Node {
        EntryLink entry;
        Link left;
        Link right;
        int height;
    };

    explicit PersistentMap(Link root) noexcept : root_(std::move(root)) {}

    static int height(const Link& link) noexcept { return link ? link->height : 0; }

    static Link make(EntryLink entry, Link left, Link right) {
        const int height_now = 1 + std::max(height(left), height(right));
        return std::make_shared<const Node>(
            Node{std::move(entry), std::move(left), std::move(right), height_now});
    }

    /// Makes a node whose subtrees may differ in height by two, which one change can cause.
    static Link balance(EntryLink entry, Link left, Link right) {
        if (height(left) > height(right) + 1) {
            if (height(left->left) >= height(left->right))
                return make(left->entry, left->left, make(std::move(entry), left->right, right));
            const Link& middle = left->right;
            return make(middle->entry, make(left->entry, left->left, middle->left),
                        make(std::move(entry), middle->right, right));
        }
        if (height(right) > height(left) + 1) {
            if (height(right->right) >= height(right->left))
                return make(right->entry, make(std::move(entry), left, right->left), right->right);
            const Link& middle = right->left;
            return make(middle->entry, make(std::move(entry), left, middle->left),
                        make(right->entry, middle->right, right->right));
        }
        return make(std::move(entry), std::move(left), std::move(right));
    }

    // A balanced tree is about 1.44 log2(n) deep.
    // NOLINTBEGIN(misc-no-recursion)
    static Link insert(const Link& node, const EntryLink& entry) {
        if (!node) return make(entry, nullptr, nullptr);
        const int order = entry->key.compare(node->entry->key);
        if (order == 0) return make(entry, node->left, node->right);
        if (order < 0) return balance(node->entry, insert(node->left, entry), node->right);
        return balance(node->entry, node->left, insert(node->right, entry));
    }

    static Link remove_first(const Link& node, EntryLink& first) {
        if (!node->left) {
            first = node->entry;
            return node->right;
        }
        return balance(node->entry, remove_first(node->left, first), node->right);
    }

    static Link remove(const Link& node, std::string_view key) {
        const int order = key.compare(node->entry->key);
        if (order < 0) return balance(node->entry, remove(node->left, key), node->right);
        if (order > 0) return balance(node->entry, node->left, remove(node->right, key));
        if (!node->left) return node->right;
        if (!node->right) return node->left;
        EntryLink next;
        Link rest = remove_first(node->right, next);
        return balance(std::move(next), node->left, std::move(rest));
    }
    // NOLINTEND(misc-no-recursion)

    Link root_;
};

}  // namespace catalog::kv
