@_cdecl("dcn_version_string") public func v() -> Int32 { 1 }
