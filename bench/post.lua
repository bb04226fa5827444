-- Posts step messages as CI jobs do: every deployment gets twenty of them.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

local counter = 0
local thread_id

function init(args)
  math.randomseed(os.time())
  thread_id = math.random(1, 1000000000)
end

function request()
  counter = counter + 1
  local body = string.format(
    '{"type":"%s","project":"shop-%d","deployment_id":"%d-%d","step_name":"step %d",' ..
    '"step_status":"%s","timestamp":"2026-01-01T12:%02d:%02d.000Z","workflow_name":"deploy",' ..
    '"workflow_id":"987654321","logs":"checking the parameters of the deployment","duration":%d}',
    counter % 2 == 1 and "step_started" or "step_completed",
    math.floor(counter / 20) % 50,
    thread_id, math.floor((counter - 1) / 20),
    math.floor((counter - 1) % 20 / 2),
    counter % 2 == 1 and "started" or "success",
    math.floor(counter / 60) % 60, counter % 60,
    counter % 2
  )
  return wrk.format(nil, nil, nil, body)
end
