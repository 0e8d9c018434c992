package verifier

import "regexp"

// RE2 has no lookahead: what follows the digits is matched as well.
var versionForm = regexp.MustCompile(`^(?:saas[~-])?([0-9]{1,10})(?:[^0-9]|$)`)

// questionCode compares a license with the question (checks 5 to 9): empty where all hold.
func questionCode(in Input, of license) string {
	switch {
	case !oneOf(of.issuer, in.Issuers...):
		return IssuerMismatch
	case of.module != in.Question.Module:
		return ModuleMismatch
	case !allowsVersion(of, in.Question.Version):
		return VersionNotAllowed
	case of.fingerprint == nil:
		return ""
	}
	instance := in.Question.Instance
	switch {
	case instance == nil || instance.DBUUID == "" || instance.Domain == "":
		return InstanceRequired
	case *of.fingerprint != "sha256:"+sha256Hex(instance.DBUUID+":"+instance.Domain):
		return InstanceMismatch
	}
	return ""
}

func allowsVersion(of license, version string) bool {
	match := versionForm.FindStringSubmatch(version)
	return match != nil && oneOf(match[1], of.majorVersions...)
}
