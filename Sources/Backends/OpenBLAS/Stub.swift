@_cdecl("dcn_backend_entry") public func v() -> Int32 { 1 }
