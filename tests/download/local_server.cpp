#include "local_server.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <charconv>
#include <netinet/in.h>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace fovea {
namespace {

constexpr std::size_t kMaximumHeadBytes = 1 << 14;
constexpr std::time_t kPatienceSeconds = 120;  // with a client that neither speaks nor reads

void require(bool success, const char* call) {
  if (!success) throw std::system_error(errno, std::generic_category(), call);
}

/// The request line and the headers. Empty when the client goes away or talks too much.
std::string read_head(int connection) {
  std::string head;
  char byte = 0;
  while (!head.ends_with("\r\n\r\n")) {
    if (head.size() == kMaximumHeadBytes || ::recv(connection, &byte, 1, 0) != 1) return "";
    head.push_back(byte);
  }
  return head;
}

/// "GET /path HTTP/1.1", then one header per line.
Request parse_head(const std::string& head) {
  constexpr std::string_view kRange = "\r\nRange: ";
  Request request;
  const std::size_t path = head.find(' ') + 1;
  request.path = head.substr(path, head.find(' ', path) - path);
  const std::size_t range = head.find(kRange);
  if (range != std::string::npos) {
    const std::size_t value = range + kRange.size();
    request.range = head.substr(value, head.find('\r', value) - value);
  }
  return request;
}

/// The first byte that "bytes=<start>-" asks for; 0 without a range.
std::size_t first_byte(const std::string& range) {
  constexpr std::string_view kUnit = "bytes=";
  std::size_t start = 0;
  if (range.starts_with(kUnit)) std::from_chars(range.data() + kUnit.size(), range.data() + range.size(), start);
  return start;
}

/// Hands some of the bytes to the system. @return how many; 0 when the client has gone.
std::size_t send_some(int connection, std::string_view bytes) {
  const ssize_t sent = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

}  // namespace

LocalServer::LocalServer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  require(listener_ >= 0, "socket");
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  require(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0, "bind");
  require(::listen(listener_, SOMAXCONN) == 0, "listen");
  require(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0, "getsockname");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { answer_until_closed(); });
}

LocalServer::~LocalServer() {
  release();
  ::shutdown(listener_, SHUT_RDWR);  // accept() then returns with an error
  thread_.join();
  ::close(listener_);
}

std::string LocalServer::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(port_) + path;
}

void LocalServer::serve(const std::string& path, Reply reply) {
  const std::lock_guard lock(mutex_);
  replies_.insert_or_assign(path, std::move(reply));
}

void LocalServer::release() {
  const std::lock_guard lock(mutex_);
  released_ = true;
  released_changed_.notify_all();
}

std::vector<Request> LocalServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void LocalServer::answer_until_closed() {
  for (;;) {
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0 && errno == EINTR) continue;
    if (connection < 0) return;
    const timeval patience{kPatienceSeconds, 0};
    ::setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ::setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    answer(connection);
    ::close(connection);
  }
}

void LocalServer::answer(int connection) {
  const std::string head = read_head(connection);
  if (head.empty()) return;
  const Request request = parse_head(head);
  Reply reply = reply_to(request);

  std::size_t start = 0;
  std::string headers = "Connection: close\r\n";
  if (reply.location) headers += "Location: " + *reply.location + "\r\n";
  if (reply.ranges && reply.status == 200 && !request.range.empty()) {
    const std::string total = std::to_string(reply.body.size());
    start = first_byte(request.range);
    if (start < reply.body.size()) {
      reply.status = 206;
      headers += "Content-Range: bytes " + std::to_string(start) + "-" + std::to_string(reply.body.size() - 1) + "/" + total;
    } else {
      reply.status = 416;
      headers += "Content-Range: bytes */" + total;
      reply.body.clear();
      start = 0;
    }
    headers += "\r\n";
  }
  if (reply.length) headers += "Content-Length: " + std::to_string(reply.body.size() - start) + "\r\n";
  const std::string top = "HTTP/1.1 " + std::to_string(reply.status) + " -\r\n" + headers + "\r\n";
  if (send_some(connection, top) == top.size()) send_body(connection, reply, start);
}

Reply LocalServer::reply_to(const Request& request) {
  const std::lock_guard lock(mutex_);
  requests_.push_back(request);
  const auto found = replies_.find(request.path);
  return found == replies_.end() ? Reply{.body = "not here", .status = 404} : found->second;
}

void LocalServer::send_body(int connection, const Reply& reply, std::size_t start) {
  std::string_view rest = std::string_view(reply.body).substr(start, reply.cut_after);
  if (reply.hold_after) {
    const std::size_t first = std::min(*reply.hold_after, rest.size());
    if (!send_counted(connection, rest.substr(0, first))) return;
    rest.remove_prefix(first);
    std::unique_lock lock(mutex_);
    released_changed_.wait(lock, [this] { return released_; });
  }
  send_counted(connection, rest);
}

bool LocalServer::send_counted(int connection, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t sent = send_some(connection, bytes);
    if (sent == 0) return false;
    bytes_sent_ += sent;
    bytes.remove_prefix(sent);
  }
  return true;
}

}  // namespace fovea
