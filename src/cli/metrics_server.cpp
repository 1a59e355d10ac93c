#include "metrics_server.hpp"

#include <arpa/inet.h>
#include <prometheus/exposer.h>

#include <charconv>
#include <vector>

#include "catalog/internal/try.hpp"
#include "prometheus_families.hpp"

namespace catalog::cli {
namespace {

constexpr std::string_view kDefaultAddress = "127.0.0.1";

class Scraped final : public prometheus::Collectable {
public:
    explicit Scraped(std::shared_ptr<monitor::PerformanceMonitor> monitor)
        : monitor_(std::move(monitor)) {}

    [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override {
        return monitor::to_prometheus(monitor_->scrape());
    }

private:
    std::shared_ptr<monitor::PerformanceMonitor> monitor_;
};

struct Place {
    std::string address;  ///< An IPv6 one in brackets.
    std::uint16_t port = 0;
};

// Strict, because the server would read more into the text: lists, and letters with a meaning.
Result<Place> parse_place(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    Place place;
    place.address =
        colon == std::string::npos ? std::string(kDefaultAddress) : text.substr(0, colon);
    const std::string port = colon == std::string::npos ? text : text.substr(colon + 1);
    const auto parsed = std::from_chars(port.data(), port.data() + port.size(), place.port);
    const bool right_port = parsed.ec == std::errc() && parsed.ptr == port.data() + port.size();
    const bool brackets =
        place.address.size() > 2 && place.address.front() == '[' && place.address.back() == ']';
    const std::string bare =
        brackets ? place.address.substr(1, place.address.size() - 2) : place.address;
    in6_addr address{};
    const bool right_address =
        ::inet_pton(brackets ? AF_INET6 : AF_INET, bare.c_str(), &address) == 1;
    if (right_port && right_address) return place;
    return fail(Error(Errc::kInvalidArgument, "this is no numeric address and port to listen on")
                    .with_input(text)
                    .with_hint("as in 127.0.0.1:9464 or [::1]:9464"));
}

}  // namespace

struct MetricsServer::Parts {
    std::shared_ptr<Scraped> scraped;
    std::unique_ptr<prometheus::Exposer> exposer;
};

MetricsServer::MetricsServer(std::unique_ptr<Parts> parts, std::string url) noexcept
    : parts_(std::move(parts)), url_(std::move(url)) {}
MetricsServer::~MetricsServer() = default;

Result<std::unique_ptr<MetricsServer>> MetricsServer::listen(
    const std::string& place, std::shared_ptr<monitor::PerformanceMonitor> monitor) {
    CATALOG_TRY(const Place wanted, parse_place(place));
    auto parts = std::make_unique<Parts>();
    parts->scraped = std::make_shared<Scraped>(std::move(monitor));
    try {
        parts->exposer = std::make_unique<prometheus::Exposer>(wanted.address + ":" +
                                                               std::to_string(wanted.port));
        parts->exposer->RegisterCollectable(parts->scraped);
    } catch (const std::exception&) {
        return fail(Error(Errc::kNetwork, "this address cannot be listened on")
                        .with_input(place)
                        .with_hint("another program may have the port; 0 takes a free one"));
    }
    const std::vector<int> ports = parts->exposer->GetListeningPorts();
    const int port = ports.empty() ? wanted.port : ports.front();
    return std::unique_ptr<MetricsServer>(new MetricsServer(
        std::move(parts), "http://" + wanted.address + ":" + std::to_string(port) + "/metrics"));
}

}  // namespace catalog::cli
