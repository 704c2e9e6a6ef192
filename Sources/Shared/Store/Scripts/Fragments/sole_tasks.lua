-- `does(task, holder)`: whether a worker is the one that does a task which one alone does at a time.

local function does(task, holder) return redis.call('GET', P .. 'lock:' .. task) == holder end
