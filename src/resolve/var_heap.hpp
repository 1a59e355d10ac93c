#pragma once
// VarHeap: variables by activity, the most active on top (a binary heap with places, as in
// MiniSat).

#include <cstddef>
#include <cstdint>
#include <vector>

namespace catalog::resolve::engine {

/// Activities are kept for every variable; only some are in the heap. Ties go to the smaller
/// variable, so that the order depends on nothing but the bumps.
class VarHeap {
public:
    void resize(std::size_t vars) {
        activities_.resize(vars, 0.0);
        places_.resize(vars, kOut);
    }
    [[nodiscard]] bool is_empty() const noexcept { return heap_.empty(); }
    [[nodiscard]] std::uint32_t top() const noexcept { return heap_.front(); }
    [[nodiscard]] bool has(std::uint32_t var) const noexcept { return places_[var] != kOut; }
    [[nodiscard]] double activity(std::uint32_t var) const noexcept { return activities_[var]; }

    void insert(std::uint32_t var) {
        if (has(var)) return;
        places_[var] = static_cast<std::uint32_t>(heap_.size());
        heap_.push_back(var);
        rise(places_[var]);
    }

    void pop() {
        const std::uint32_t last = heap_.back();
        places_[heap_.front()] = kOut;
        heap_.pop_back();
        if (heap_.empty()) return;
        heap_.front() = last;
        places_[last] = 0;
        sink(0);
    }

    void bump(std::uint32_t var) {
        activities_[var] += increment_;
        if (activities_[var] > kActivityMax) rescale();
        if (has(var)) rise(places_[var]);
    }
    /// Adds to an activity, as `times` bumps by now would.
    void raise(std::uint32_t var, double times) {
        activities_[var] += times * increment_;
        if (has(var)) rise(places_[var]);
    }
    /// Makes what was bumped before count for less.
    void decay() { increment_ *= kDecay; }

private:
    static constexpr std::uint32_t kOut = 0xffff'ffff;
    static constexpr double kDecay = 1.0 / 0.95;
    static constexpr double kActivityMax = 1e100;

    [[nodiscard]] bool before(std::uint32_t a, std::uint32_t b) const {
        if (activities_[a] != activities_[b]) return activities_[a] > activities_[b];
        return a < b;
    }
    void put(std::size_t place, std::uint32_t var) {
        heap_[place] = var;
        places_[var] = static_cast<std::uint32_t>(place);
    }
    void rise(std::size_t place) {
        const std::uint32_t var = heap_[place];
        while (place > 0) {
            const std::size_t parent = (place - 1) / 2;
            if (!before(var, heap_[parent])) break;
            put(place, heap_[parent]);
            place = parent;
        }
        put(place, var);
    }
    void sink(std::size_t place) {
        const std::uint32_t var = heap_[place];
        for (;;) {
            std::size_t child = 2 * place + 1;
            if (child >= heap_.size()) break;
            if (child + 1 < heap_.size() && before(heap_[child + 1], heap_[child])) ++child;
            if (!before(heap_[child], var)) break;
            put(place, heap_[child]);
            place = child;
        }
        put(place, var);
    }
    void rescale() {
        for (double& activity : activities_) activity /= kActivityMax;
        increment_ /= kActivityMax;
    }

    std::vector<double> activities_;
    std::vector<std::uint32_t> places_;
    std::vector<std::uint32_t> heap_;
    double increment_ = 1.0;
};

}  // namespace catalog::resolve::engine
