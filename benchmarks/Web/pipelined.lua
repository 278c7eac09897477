-- Sends requests sixteen at a time, as the TechEmpower benchmark of plain text does.
init = function(args)
  local one = wrk.format("GET", "/plaintext")
  pipeline = string.rep(one, 16)
end

request = function()
  return pipeline
end
