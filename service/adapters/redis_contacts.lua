-- One customer's contact history and answers, changed atomically. KEYS[1] is the history, KEYS[2]
-- (if any) an answer slot; ARGV[1] says what to do. Entries are 44 bytes behind a 12-byte header:
-- at, until (doubles), decision (8 bytes), offer, group, line, placement (u4), channel, event,
-- reason, is_marketing (u1). Caps are scope, counts (u1), limit, names (u4 each); the frame ends with
-- the start of each (double).
local HEADER, SIZE = 12, 44
local DECISION, IMPRESSION, CLICK, OUTCOME = 1, 2, 3, 4
local LAYOUT = '<ddc8I4I4I4I4BBBB'
local COUNTED = '<dxxxxxxxxxxxxxxxxI4I4I4I4BBxB'
local RESERVATION = 600
local unpack, sub, byte, find = struct.unpack, string.sub, string.byte, string.find

local function read(pos, bytes)
  local e = {}
  e.at, e.till, e.decision, e[1], e[2], e[3], e[5], e[4], e.event, e.reason, e.marketing =
    unpack(LAYOUT, bytes, pos)
  e[6] = 0
  return e
end

-- The caps as lists, each with the names it is restricted to (none = every name); `from` is where
-- their starts begin in the frame.
local function caps_in(packed, frame, from)
  local caps, pos = {}, 1
  while pos <= #packed do
    local cap, names = {}, nil
    cap.scope, cap.counts, cap.limit, names, pos = unpack('<BBI4I4', packed, pos)
    cap.start, from = unpack('<d', frame, from)
    for _ = 1, names do
      local name
      name, pos = unpack('<I4', packed, pos)
      cap.only = cap.only or {}
      cap.only[name] = true
    end
    caps[#caps + 1] = cap
  end
  return caps
end

-- targets[counts][scope][name] = the tallies to raise, the latest start first; of[i] = the tallies
-- that bind entry i.
local function tallies_for(entries, caps)
  local targets, of, made = {{}, {}, {}, {}}, {}, {}
  for i, e in ipairs(entries) do
    of[i] = {}
    for k, cap in ipairs(caps) do
      local name = e[cap.scope]
      if e.marketing == 1 and (not cap.only or cap.only[name] or cap.scope == 6) then
        made[k] = made[k] or {}
        local tally = made[k][name]
        if not tally then
          tally = {start = cap.start, limit = cap.limit, counts = cap.counts, n = 0}
          made[k][name] = tally
          local scopes = targets[cap.counts]
          scopes[cap.scope] = scopes[cap.scope] or {}
          local names = scopes[cap.scope]
          names[name] = names[name] or {}
          local place, list = 1, names[name]
          while list[place] and list[place].start >= cap.start do place = place + 1 end
          table.insert(list, place, tally)
        end
        of[i][#of[i] + 1] = tally
      end
    end
  end
  return targets, of
end

-- An entry raises the first tally it is late enough for; `add_up` gives it to those that began
-- before.
local function raise(tallies, at)
  for place = 1, #tallies do
    local tally = tallies[place]
    if at >= tally.start then
      tally.n = tally.n + 1
      return
    end
  end
end

local function add_up(targets)
  for _, scopes in ipairs(targets) do
    for _, names in pairs(scopes) do
      for _, tallies in pairs(names) do
        for place = 2, #tallies do
          tallies[place].n = tallies[place].n + tallies[place - 1].n
        end
      end
    end
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

-- The lists of tallies of one kind, by scope; a scope nothing is asked of has an empty one.
local function by_scope(scopes)
  local none = {}
  return scopes[1] or none, scopes[2] or none, scopes[3] or none, scopes[4] or none,
    scopes[5] or none, scopes[6] and scopes[6][0]
end

-- Raises every tally by what the history holds; reservations younger than ten minutes count as the
-- impressions they may become, but not that of `except` (decision and offer).
local function count(history, targets, caps, now, except)
  local soon, oldest = targets[IMPRESSION], now - RESERVATION
  for _, cap in ipairs(caps) do oldest = math.min(oldest, cap.start) end
  if not (next(targets[1]) or next(soon) or next(targets[3]) or next(targets[4])) then return end
  local of_offer, of_group, of_line, of_channel, of_place, of_all, last
  local is_recent = false
  for pos = HEADER + 1, #history, SIZE do
    -- Most of a history is older than any window: it is passed over for the price of its instant.
    is_recent = is_recent or unpack('<d', history, pos) >= oldest
    if is_recent then
      local at, offer, group, line, placement, channel, event, marketing =
        unpack(COUNTED, history, pos)
      if marketing == 1 then
        local scopes = targets[event < OUTCOME and event or OUTCOME]
        local pending = event == DECISION and at > now - RESERVATION and next(soon)
          and sub(history, pos + 16, pos + 27) ~= except and not is_seen(history, pos)
        for _ = 1, pending and 2 or 1 do
          if scopes ~= last then
            of_offer, of_group, of_line, of_channel, of_place, of_all = by_scope(scopes)
            last = scopes
          end
          local tallies = of_offer[offer]
          if tallies then raise(tallies, at) end
          tallies = of_group[group]
          if tallies then raise(tallies, at) end
          tallies = of_line[line]
          if tallies then raise(tallies, at) end
          tallies = of_channel[channel]
          if tallies then raise(tallies, at) end
          tallies = of_place[placement]
          if tallies then raise(tallies, at) end
          if of_all then raise(of_all, at) end
          scopes, at = soon, math.huge
        end
      end
    end
  end
  add_up(targets)
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
local function shortened(history, now, most, room, caps)
  local starts = {math.huge, now - RESERVATION, math.huge, -math.huge}
  for _, cap in ipairs(caps) do
    if cap.start < starts[cap.counts] then starts[cap.counts] = cap.start end
  end
  starts[DECISION] = math.min(starts[DECISION], now - RESERVATION)
  local over = (#history - HEADER) / SIZE + room - most
  local kept = {sub(history, 1, HEADER)}
  for pos = HEADER + 1, #history, SIZE do
    local event = byte(history, pos + 41)
    if over > 0 and event < OUTCOME and unpack('<d', history, pos) < starts[event] then
      over = over - 1
    else
      kept[#kept + 1] = sub(history, pos, pos + SIZE - 1)
    end
  end
  return over <= 0 and table.concat(kept) or nil
end

-- Appends; drops what may go once in `slack` entries, so that few appends rewrite; false when there
-- is no room.
local function append(history, entries, now, keep, keeps_decisions, most, slack, caps)
  local room = #entries / SIZE
  local total = (#history - HEADER) / SIZE
  local rewritten
  if total + room > most or math.floor(total / slack) ~= math.floor((total + room) / slack) then
    rewritten = kept(history, now, keep, keeps_decisions)
  end
  local current = rewritten or history
  if (#current - HEADER) / SIZE + room > most then
    rewritten = shortened(current, now, most, room, caps)
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
  local now, keep, must_exist, keeps_decisions, most, slack, starts = unpack('<ddBBI4I4', frame)
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
  local caps, entries = caps_in(packed_caps, frame, starts), {}
  for pos = 1, #packed, SIZE do entries[#entries + 1] = read(pos, packed) end
  local targets, of = tallies_for(entries, caps)
  local is_lost = not history and must_exist == 1
  if is_lost then
    for i = 1, #entries do
      if #of[i] > 0 then return redis.error_reply('NBOLOST a history is missing') end
    end
  end
  count(history or header, targets, caps, now, nil)
  local capped = {'capped'}
  for i = 1, #entries do
    local fits = true
    for _, tally in ipairs(of[i]) do fits = fits and tally.n < tally.limit end
    if fits then
      for _, tally in ipairs(of[i]) do
        if tally.counts <= IMPRESSION then tally.n = tally.n + 1 end
      end
    else
      capped[#capped + 1] = i - 1
    end
  end
  if #capped > 1 then return capped end
  if #entries > 0 and not is_lost then
    if not history then redis.call('SET', KEYS[1], header) end
    local is_written = append(
      history or header, packed, now, keep, keeps_decisions == 1, most, slack, caps)
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
  local _, keep, _, _, most, slack, starts = unpack('<ddBBI4I4', frame)
  local entry, caps, overrun = read(1, packed), caps_in(packed_caps, frame, starts), false
  if event == IMPRESSION then
    local targets, of = tallies_for({entry}, caps)
    count(history, targets, caps, entry.at, same)
    for _, tally in ipairs(of[1]) do
      local is_counted = tally.counts == IMPRESSION and entry.at >= tally.start
      overrun = overrun or (is_counted and tally.n >= tally.limit)
    end
  end
  if not append(history, packed, entry.at, keep, true, most, slack, caps) then
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
