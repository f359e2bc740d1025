-- One customer's contact history and answers, changed atomically. KEYS[1] is the history, KEYS[2]
-- (if any) an answer slot; ARGV[1] says what to do. Entries are 44 bytes behind a 12-byte header:
-- at, until (doubles), decision (8 bytes), offer, group, line, placement (u4), channel, event,
-- reason, is_marketing (u1). Caps are scope, counts (u1), limit, names (u4 each); the frame ends with
-- the start of each (double).
local HEADER, SIZE = 12, 44
local DECISION, IMPRESSION, CLICK, OUTCOME = 1, 2, 3, 4
local COUNTED = '<dxxxxxxxxxxxxxxxxI4I4I4I4BBxB'
local RESERVATION = 600
-- What is where in a tally; the names of an entry lie at the numbers of their scopes.
local START, LIMIT, COUNTS, COUNT, NEXT, CAP = 1, 2, 3, 4, 5, 6
local ALL, IS_MARKETING = 6, 7
local unpack, sub, byte, find = struct.unpack, string.sub, string.byte, string.find

local function read(pos, bytes)
  local _, offer, group, line, placement, channel, _, marketing = unpack(COUNTED, bytes, pos)
  return {offer, group, line, channel, placement, 0, marketing == 1}
end

-- The tallies of the caps over the names of some entries. targets[counts][scope][name] = the first
-- tally to raise, which holds the next one; of[i] = the tallies that bind entry i; starts[counts] =
-- the earliest start of any cap that counts these, bound or not. `from` is where the starts of the
-- caps begin in the frame.
local function tallies_for(entries, packed, frame, from)
  local targets, of, starts = {}, {}, {}
  for counts = 1, OUTCOME do
    targets[counts], starts[counts] = {{}, {}, {}, {}, {}, {}}, math.huge
  end
  for i = 1, #entries do of[i] = {} end
  local pos, start, scope, counts, limit, names = 1
  while pos <= #packed do
    scope, counts, limit, names, pos = unpack('<BBI4I4', packed, pos)
    start, from = unpack('<d', frame, from)
    if start < starts[counts] then starts[counts] = start end
    local only = names > 0 and {}
    for _ = 1, names do
      local name
      name, pos = unpack('<I4', packed, pos)
      only[name] = true
    end
    local tallies = targets[counts][scope]
    for i = 1, #entries do
      local name = entries[i][scope]
      if entries[i][IS_MARKETING] and (not only or only[name] or scope == ALL) then
        local tally, mine = tallies[name], of[i]
        if not tally or tally[CAP] ~= pos then
          tally = {start, limit, counts, 0, tally, pos}
          tallies[name] = tally
        end
        mine[#mine + 1] = tally
      end
    end
  end
  return targets, of, starts
end

-- Raises the tallies that began before, this one and those it holds.
local function raise(tally, at)
  while tally do
    if at >= tally[START] then tally[COUNT] = tally[COUNT] + 1 end
    tally = tally[NEXT]
  end
end

local function is_seen(history, pos)
  local same = sub(history, pos + 16, pos + 27)
  local hit = find(history, same, HEADER + 1, true)
  while hit do
    local start = hit - 16
    if (start - HEADER - 1) % SIZE == 0 and byte(history, start + 41) == IMPRESSION then
      return true
    end
    hit = find(history, same, hit + 1, true)
  end
  return false
end

local function is_empty(scopes)
  for scope = 1, #scopes do
    if next(scopes[scope]) then return false end
  end
  return true
end

-- Raises every tally by what the history holds; reservations younger than ten minutes count as the
-- impressions they may become, but not that of `except` (decision and offer).
local function count(history, targets, starts, now, except)
  local soon, since = targets[IMPRESSION], now - RESERVATION
  local counts_soon = not is_empty(soon)
  local oldest = math.min(since, starts[1], starts[2], starts[3], starts[4])
  if not counts_soon and is_empty(targets[1]) and is_empty(targets[3]) and is_empty(targets[4]) then
    return
  end
  local is_recent = false
  for pos = HEADER + 1, #history, SIZE do
    -- Most of a history is older than any window: it is passed over for the price of its instant.
    is_recent = is_recent or unpack('<d', history, pos) >= oldest
    if is_recent then
      local at, offer, group, line, placement, channel, event, marketing =
        unpack(COUNTED, history, pos)
      if marketing == 1 then
        local scopes = targets[event < OUTCOME and event or OUTCOME]
        local pending = event == DECISION and at > since and counts_soon
          and sub(history, pos + 16, pos + 27) ~= except and not is_seen(history, pos)
        for _ = 1, pending and 2 or 1 do
          local tally = scopes[1][offer]
          if tally then raise(tally, at) end
          tally = scopes[2][group]
          if tally then raise(tally, at) end
          tally = scopes[3][line]
          if tally then raise(tally, at) end
          tally = scopes[4][channel]
          if tally then raise(tally, at) end
          tally = scopes[5][placement]
          if tally then raise(tally, at) end
          tally = scopes[ALL][0]
          if tally then raise(tally, at) end
          scopes, at = soon, math.huge
        end
      end
    end
  end
end

-- The history without what no rule can ask for any more; nil when there is nothing to drop.
local function kept(history, now, keep, keeps_decisions)
  local oldest = now - keep
  local kept, from = {}, HEADER + 1
  for pos = HEADER + 1, #history, SIZE do
    local at, till = unpack('<dd', history, pos)
    local is_spent = not keeps_decisions and byte(history, pos + 41) == DECISION
      and at <= now - RESERVATION
    if is_spent or (at < oldest and till < now) then
      kept[#kept + 1] = sub(history, from, pos - 1)
      from = pos + SIZE
    end
  end
  if #kept == 0 then return nil end
  kept[#kept + 1] = sub(history, from)
  return sub(history, 1, HEADER) .. table.concat(kept)
end

-- Drops the oldest entries no cap counts until `room` more fit under `most`; nil when they do not.
local function shortened(history, now, most, room, starts)
  local needed = {}
  for event = DECISION, CLICK do needed[event] = starts[event] end
  needed[DECISION] = math.min(needed[DECISION], now - RESERVATION)
  needed[IMPRESSION] = math.min(needed[IMPRESSION], now - RESERVATION)
  local over = (#history - HEADER) / SIZE + room - most
  local kept = {sub(history, 1, HEADER)}
  for pos = HEADER + 1, #history, SIZE do
    local event = byte(history, pos + 41)
    if over > 0 and event < OUTCOME and unpack('<d', history, pos) < needed[event] then
      over = over - 1
    else
      kept[#kept + 1] = sub(history, pos, pos + SIZE - 1)
    end
  end
  return over <= 0 and table.concat(kept) or nil
end

-- Appends; drops what may go once in `slack` entries, so that few appends rewrite; false when there
-- is no room.
local function append(history, entries, now, keep, keeps_decisions, most, slack, starts)
  local room = #entries / SIZE
  local total = (#history - HEADER) / SIZE
  local rewritten
  if total + room > most or math.floor(total / slack) ~= math.floor((total + room) / slack) then
    rewritten = kept(history, now, keep, keeps_decisions)
  end
  local current = rewritten or history
  if (#current - HEADER) / SIZE + room > most then
    rewritten = shortened(current, now, most, room, starts)
    if not rewritten then return false end
  end
  if rewritten then
    redis.call('SET', KEYS[1], rewritten .. entries)
  else
    redis.call('APPEND', KEYS[1], entries)
  end
  return true
end

-- The key's value, nil when there is none; false where the key holds another type of value. Before
-- Redis 7 an error that ends the script would not say so in a word of its own.
local function value_of(key)
  local value = redis.pcall('GET', key)
  if type(value) == 'table' then return false end
  return value or nil
end

local function owned(header)
  local history = value_of(KEYS[1])
  if history == nil then return nil end
  if not history or sub(history, 1, HEADER) ~= header or (#history - HEADER) % SIZE ~= 0 then
    return nil, redis.error_reply('NBODAMAGED a history is damaged or of another customer')
  end
  return history
end

local function commit(header, frame, packed_caps, packed, head, content)
  local now, keep, must_exist, keeps_decisions, most, slack, from = unpack('<ddBBI4I4', frame)
  local answer
  if KEYS[2] then answer = value_of(KEYS[2]) end
  if answer ~= nil then
    if not answer or sub(answer, 1, HEADER) ~= sub(head, 1, HEADER) then
      return redis.error_reply('NBODAMAGED an answer is damaged or of another customer')
    end
    if sub(answer, 1, #head) == head then return {'answered', sub(answer, #head + 1)} end
    return {'conflict'}
  end
  local history, damaged = owned(header)
  if damaged then return damaged end
  local entries = {}
  for pos = 1, #packed, SIZE do entries[#entries + 1] = read(pos, packed) end
  local targets, of, starts = tallies_for(entries, packed_caps, frame, from)
  local is_lost = not history and must_exist == 1
  if is_lost then
    for i = 1, #entries do
      if #of[i] > 0 then return redis.error_reply('NBOLOST a history is missing') end
    end
  end
  count(history or header, targets, starts, now, nil)
  local capped = {'capped'}
  for i = 1, #entries do
    local fits, tallies = true, of[i]
    for place = 1, #tallies do
      fits = fits and tallies[place][COUNT] < tallies[place][LIMIT]
    end
    if fits then
      for place = 1, #tallies do
        local tally = tallies[place]
        if tally[COUNTS] <= IMPRESSION then tally[COUNT] = tally[COUNT] + 1 end
      end
    else
      capped[#capped + 1] = i - 1
    end
  end
  if #capped > 1 then return capped end
  if #entries > 0 and not is_lost then
    if not history then redis.call('SET', KEYS[1], header) end
    local is_written = append(
      history or header, packed, now, keep, keeps_decisions == 1, most, slack, starts)
    if not is_written then
      for i = 1, #entries do capped[#capped + 1] = i - 1 end
      return capped
    end
  end
  if KEYS[2] then redis.call('SET', KEYS[2], head .. content, 'PX', ARGV[8]) end
  return {'committed'}
end

local function release(header, packed, answer)
  if KEYS[2] and value_of(KEYS[2]) == answer then redis.call('DEL', KEYS[2]) end
  local history, damaged = owned(header)
  if damaged then return damaged end
  if not history or #packed == 0 then return {'released'} end
  local decision, left = sub(packed, 17, 24), {sub(history, 1, HEADER)}
  for pos = HEADER + 1, #history, SIZE do
    if byte(history, pos + 41) ~= DECISION or sub(history, pos + 16, pos + 23) ~= decision then
      left[#left + 1] = sub(history, pos, pos + SIZE - 1)
    end
  end
  redis.call('SET', KEYS[1], table.concat(left))
  return {'released'}
end

local function note(header, frame, packed_caps, packed)
  local history, damaged = owned(header)
  if damaged then return damaged end
  if not history then return redis.error_reply('NBOLOST a history is missing') end
  local same, event = sub(packed, 17, 28), byte(packed, 42)
  local hit = find(history, same, HEADER + 1, true)
  while hit do
    local start = hit - 16
    if (start - HEADER - 1) % SIZE == 0 and byte(history, start + 41) == event then
      return {'duplicate'}
    end
    hit = find(history, same, hit + 1, true)
  end
  local _, keep, _, _, most, slack, from = unpack('<ddBBI4I4', frame)
  local at, overrun = unpack('<d', packed), false
  local targets, of, starts = tallies_for({read(1, packed)}, packed_caps, frame, from)
  if event == IMPRESSION then
    count(history, targets, starts, at, same)
    for _, tally in ipairs(of[1]) do
      local is_counted = tally[COUNTS] == IMPRESSION and at >= tally[START]
      overrun = overrun or (is_counted and tally[COUNT] >= tally[LIMIT])
    end
  end
  if not append(history, packed, at, keep, true, most, slack, starts) then
    redis.call('SET', KEYS[1], header .. sub(history, HEADER + SIZE + 1) .. packed)
  end
  return {overrun and 'overrun' or 'noted'}
end

if ARGV[1] == 'commit' then
  return commit(ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7])
elseif ARGV[1] == 'note' then
  return note(ARGV[2], ARGV[3], ARGV[4], ARGV[5])
end
return release(ARGV[2], ARGV[3], ARGV[4])
