-- For wrk: asks for the paths among its arguments in turn, as one user, and says how it went.

local requests, at = {}, 0

function init(arguments)
  local headers = { ["X-User-Id"] = "reader" }
  for i, path in ipairs(arguments) do
    requests[i] = wrk.format("GET", path, headers)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format('{"perSecond":%f,"failed":%d,"p50Us":%d,"p99Us":%d}\n',
    summary.requests / (summary.duration / 1e6), e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
