-- For wrk: each request orders one piece of the product among its arguments, for a user of its own.

local body, count = nil, 0

function init(arguments)
  body = string.format('{"items":[{"productId":"%s","quantity":1}],'
    .. '"shippingAddress":{"name":"Ada","street":"12 St James Square"}}', arguments[1])
end

function request()
  count = count + 1
  return wrk.format("POST", nil,
    { ["Content-Type"] = "application/json", ["X-User-Id"] = "buyer-" .. count }, body)
end

function done(summary)
  local e = summary.errors
  io.write(string.format('{"placed":%d,"failed":%d}\n', summary.requests,
    e.connect + e.read + e.write + e.status + e.timeout))
end
